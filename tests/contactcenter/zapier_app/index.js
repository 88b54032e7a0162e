// A Zapier app as a customer of the contact centre writes it: who we are, and two triggers that poll.
'use strict';

const zapier = require('zapier-platform-core');

const address = (path) => `${process.env.CONTACT_CENTRE}/clientweb/api/v1/${path}`;

const whoAmI = async (z) => {
  const answer = await z.request(address('workflow-trigger'), { params: { tenantUrl: process.env.CONTACT_CENTRE } });
  return answer.data;
};

// Fills the drop-down list of the trigger below.
const kinds = {
  key: 'kinds',
  noun: 'Kind of event',
  display: { label: 'Kinds of events', description: 'Lists what can be told.', hidden: true },
  operation: { perform: async (z) => (await z.request(address('workflow-events'))).data },
};

const event = {
  key: 'event',
  noun: 'Event',
  display: { label: 'Something happened', description: 'Triggers when something happens in the contact centre.' },
  operation: {
    inputFields: [{ key: 'kind', label: 'Kind', required: true, dynamic: 'kinds.id.name' }],
    perform: async (z, bundle) => (await z.request(address(`workflow-events/${bundle.inputData.kind}`))).data,
    sample: { id: 'event-1', event: 'interaction_ended', occurred_at: '2026-01-15T09:05:00Z', service: 'Support' },
  },
};

module.exports = {
  version: require('./package.json').version,
  platformVersion: zapier.version,
  authentication: { type: 'basic', test: whoAmI, connectionLabel: '{{account}} ({{username}})' },
  triggers: { [kinds.key]: kinds, [event.key]: event },
};
