<?php
$metadata[getenv('SERVICE_PROVIDER')] = [
    'AssertionConsumerService' => getenv('SERVICE_PROVIDER'),
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
    'saml20.sign.assertion' => true,
    'saml20.sign.response' => true,
];
