<?php
// The names of attributes are those of a directory (LDAP), as ForgeRock hands them on too.
$config = [
    'admin' => ['core:AdminPassword'],
    'people' => [
        'exampleauth:UserPass',
        'ava:for-tests' => [
            'uid' => ['ava'],
            'mail' => ['ava@example.com'],
            'givenName' => ['Ava'],
            'sn' => ['Martin'],
            'memberOf' => ['agents', 'night shift'],
        ],
    ],
];
