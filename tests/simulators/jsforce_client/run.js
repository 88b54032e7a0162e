// Runs one piece of work with jsforce and prints one line of JSON:
// node run.js '{"work": "people", "url": "...", "accessToken": "...", "refreshToken": "...", "oauth2": {...}}'
'use strict';

const jsforce = require('jsforce');

const asked = JSON.parse(process.argv[2]);
const { work, input = {}, ...options } = asked;
const conn = new jsforce.Connection({ version: '60.0', ...options });

const WORK = {
  // Whoever the token stands for, and the new access token where the old one had ended.
  async identity() {
    let renewed = '';
    conn.on('refresh', (token) => (renewed = token));
    const { records } = await conn.query('SELECT Id, Name FROM Contact LIMIT 1');
    const me = await conn.identity();
    return { found: records.length, user: me.username, renewed: Boolean(renewed), rotated: conn.refreshToken !== options.refreshToken };
  },
  async clientCredentials() {
    const user = await conn.authorize({ grant_type: 'client_credentials' });
    const { username } = await conn.identity();
    return { user: user.id, username, instance: conn.instanceUrl };
  },
  async pages() {
    const names = await conn.query('SELECT Name FROM Contact ORDER BY Name').run({ autoFetch: true, maxFetch: 1000 });
    const first = await conn.query('SELECT Name FROM Contact ORDER BY Name');
    const second = await conn.queryMore(first.nextRecordsUrl);
    return { total: names.totalSize ?? names.length, names: (names.records || names).map((each) => each.Name), done: first.done, more: second.records.length };
  },
  async builder() {
    const found = await conn.sobject('Contact').find({ Email: 'don.goodliffe@example.com' }, ['Id', 'Name', 'Account.Name']).limit(5);
    const one = await conn.sobject('Contact').findOne({ Email: { $like: 'beth%' } }, ['Name']);
    const none = await conn.sobject('Contact').findOne({ LastName: "O'Neill" });
    return { found: found.map((each) => [each.Name, each.Account.Name]), one: one.Name, none };
  },
  async row() {
    const task = conn.sobject('Task');
    const made = await task.create({ Subject: 'Call', TaskSubtype: 'Call', CallType: 'Outbound', CallDurationInSeconds: 62, WhoId: input.who });
    await task.update({ Id: made.id, Status: 'Completed' });
    const read = await task.retrieve(made.id);
    const removed = await task.destroy(made.id);
    const gone = await task.retrieve(made.id).catch((error) => error.errorCode);
    return { made: made.success, status: read.Status, who: read.WhoId, removed: removed.success, gone };
  },
  async rows() {
    const lead = conn.sobject('Lead');
    const made = await lead.create([{ LastName: 'One', Company: 'A' }, { LastName: 'Two' }, { LastName: 'Three', Company: 'C' }]);
    const ids = made.filter((each) => each.success).map((each) => each.id);
    const changed = await lead.update(ids.map((Id) => ({ Id, Status: 'Working' })));
    const read = await lead.retrieve(ids);
    const removed = await lead.destroy(ids);
    const left = await conn.query("SELECT Id FROM Lead WHERE Company IN ('A', 'C')");
    return {
      made: made.map((each) => each.success), code: made[1].errors[0].statusCode, fields: made[1].errors[0].fields,
      changed: changed.map((each) => each.success), read: read.map((each) => each.Status),
      removed: removed.map((each) => each.success), left: left.totalSize,
    };
  },
  async upsert() {
    const account = conn.sobject('Account');
    const first = await account.upsert({ Call_Reference__c: 'ref-1', Name: 'Made' }, 'Call_Reference__c');
    const again = await account.upsert({ Call_Reference__c: 'ref-1', Name: 'Changed' }, 'Call_Reference__c');
    const many = await account.upsert([{ Call_Reference__c: 'ref-1', Name: 'Thrice' }, { Call_Reference__c: 'ref-2', Name: 'New' }], 'Call_Reference__c');
    const { records } = await conn.query("SELECT Name FROM Account WHERE Call_Reference__c != null ORDER BY Name");
    return { first: first.success, again: again.success, many: many.map((each) => [each.success, each.created]), names: records.map((each) => each.Name) };
  },
  async search() {
    const { searchRecords } = await conn.search('FIND {4155550132} IN PHONE FIELDS RETURNING Contact(Id, Name), Lead(Id)');
    return searchRecords.map((each) => [each.attributes.type, each.Name]);
  },
  async limits() {
    const { DailyApiRequests } = await conn.limits();
    return { max: DailyApiRequests.Max, left: DailyApiRequests.Remaining, usage: conn.limitInfo.apiUsage };
  },
  async describe() {
    const { fields, keyPrefix } = await conn.sobject('Contact').describe();
    const { sobjects } = await conn.describeGlobal();
    return { phone: fields.find((each) => each.name === 'Phone').type, keyPrefix, names: sobjects.map((each) => each.name) };
  },
  async refused() {
    const code = (promise) => promise.then(() => 'done', (error) => [error.errorCode || error.name, error.message]);
    return {
      query: await code(conn.query('SELECT Nonsense FROM Contact')),
      create: await code(conn.sobject('Contact').create({ FirstName: 'Only' })),
      choice: await code(conn.sobject('Case').create({ Status: 'Odd' })),
    };
  },
};

WORK[work]().then(
  (result) => process.stdout.write(`\n${JSON.stringify({ result })}\n`),
  (error) => process.stdout.write(`\n${JSON.stringify({ error: error.errorCode || error.name, message: error.message })}\n`),
);
