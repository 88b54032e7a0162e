"""Recordings of calls, from the telephone system to whoever may listen.

`intake` takes them in, each a row before it is answered; the file lies in the folder of `spool`. `work` brings every
row on by lease: `fetching` gets what was only announced, `storing` puts it into the storage account, `transcribing`
has it written down, `deleting` removes it. `playing` hands the sound out, `addresses` says where a call's recording is
found for ever. (`contactcenter.recorders` is another matter: what recorders of others are told.)"""
