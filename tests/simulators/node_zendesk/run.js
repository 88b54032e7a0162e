// Carries out calls of node-zendesk in order: [[api, method, ...arguments], ...] from the command line. An argument
// {"$": [number, path...]} is a part of an earlier answer. Prints a list of {value} or {error, status}.

import zendesk from "node-zendesk";

const { uri, user, token, oauth, calls } = JSON.parse(process.argv[2]);
const client = zendesk.createClient({ username: user, token, oauth, endpointUri: uri });
const answers = [];

const given = (argument) =>
  argument && argument.$ ? argument.$.slice(1).reduce((value, key) => value[key], answers[argument.$[0]].value) : argument;

for (const [api, method, ...rest] of calls) {
  try {
    const answer = await client[api][method](...rest.map(given));
    answers.push({ value: (answer && answer.result !== undefined ? answer.result : answer) ?? null });
  } catch (error) {
    answers.push({ error: error.message, status: error.statusCode ?? null });
  }
}
console.log(JSON.stringify(answers));
