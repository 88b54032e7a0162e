// Who logs in at saml-idp: attribute names as Okta uses them.
module.exports = {
  user: {
    userName: "ava@example.com",
    nameIdFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    firstName: "Ava",
    lastName: "Martin",
    email: "ava@example.com",
    groups: "agents, night shift",
  },
  metadata: [
    { id: "firstName", displayName: "First name", multiValue: false },
    { id: "lastName", displayName: "Last name", multiValue: false },
    { id: "email", displayName: "E-mail", multiValue: false },
    { id: "groups", displayName: "Groups", multiValue: true },
  ],
};
