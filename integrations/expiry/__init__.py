"""What ends when: `expiries` of one account in the words of its provider, `horizon` over all of them, `forecast` for
the screens, `reminders` by e-mail before it happens."""
