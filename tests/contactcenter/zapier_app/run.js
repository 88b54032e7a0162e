// Runs one part of the app with Zapier's own platform core and prints one line of JSON:
// node run.js '{"part": "test" | "kinds" | "event" | "validate", "user", "password", "input"}'
'use strict';

const zapier = require('zapier-platform-core');
const app = require('./index');

const wanted = JSON.parse(process.argv[2]);
const parts = {
  test: (definition) => definition.authentication.test,
  kinds: (definition) => definition.triggers.kinds.operation.perform,
  event: (definition) => definition.triggers.event.operation.perform,
};

const validate = async () => {
  const handler = require('zapier-platform-core/src/tools/create-lambda-handler')(app);
  return (await handler({ command: 'validate', bundle: {} }, {})).results;
};

const run = () =>
  wanted.part === 'validate'
    ? validate()
    : zapier.createAppTester(app)(parts[wanted.part](app), {
        authData: { username: wanted.user, password: wanted.password },
        inputData: wanted.input || {},
      });

run().then(
  (result) => process.stdout.write(`\n${JSON.stringify({ result })}\n`),
  (error) => process.stdout.write(`\n${JSON.stringify({ error: error.name, message: error.message })}\n`),
);
