// Drives the emulated org with jsforce and prints what it saw as one JSON object.
// usage: node conformance.mjs URL CLIENT_ID CLIENT_SECRET USERNAME PASSWORD
import jsforce from "jsforce";
import { StreamingExtension } from "jsforce/lib/api/streaming.js";

const [url, clientId, clientSecret, username, password] = process.argv.slice(2);
const seen = {};

async function refusal(act) {
  try {
    await act();
  } catch (error) {
    return error.errorCode;
  }
  return null;
}

const conn = new jsforce.Connection({ loginUrl: url });
await conn.login(username, password);
seen.soapInstance = conn.instanceUrl;
seen.version = conn.version;

const oauth = new jsforce.Connection({ oauth2: { loginUrl: url, clientId, clientSecret } });
await oauth.authorize({ grant_type: "client_credentials" });
seen.oauthCount = (await oauth.query("SELECT COUNT() FROM Account")).totalSize;

seen.objects = (await conn.describeGlobal()).sobjects.length;
seen.visitFields = (await conn.sobject("ServiceAppointment").describe()).fields.length;

const nested = await conn.query(
  "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name LIKE 'Gonzalez%'",
);
seen.children = nested.records[0].Contacts.records.map((record) => record.LastName);

const account = await conn.sobject("Account").create({ Name: "From jsforce" });
await conn.sobject("Account").update({ Id: account.id, Site: "x" });
seen.site = (await conn.sobject("Account").retrieve(account.id)).Site;
const many = await conn.sobject("Contact").create(
  [1, 2, 3].map((n) => ({ LastName: `Many ${n}`, AccountId: account.id })),
);
seen.many = many.map((one) => one.success);
seen.found = (
  await conn.sobject("Contact").find({ AccountId: account.id }, ["LastName"]).sort({ LastName: 1 })
).map((record) => record.LastName);
const upserted = await conn.sobject("Case").upsert({ Agent_Key__c: "js-1", Subject: "one" }, "Agent_Key__c");
seen.upsertCreated = upserted.created;
const again = await conn.sobject("Case").upsert({ Agent_Key__c: "js-1", Subject: "two" }, "Agent_Key__c");
seen.upsertAgain = again.success;
seen.searched = (
  await conn.search("FIND {gonzalez} IN NAME FIELDS RETURNING Contact(Id, Name)")
).searchRecords.map((record) => record.Name);
seen.deleted = (await conn.sobject("Contact").destroy(many.map((one) => one.id))).map((one) => one.success);
seen.badField = await refusal(() => conn.query("SELECT Nothing FROM Account"));
seen.missing = await refusal(() => conn.sobject("Account").create({}));
seen.usage = typeof conn.limitInfo.apiUsage?.used;

const channel = "/data/AccountChangeEvent";
const events = await new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error("no events")), 15000);
  const gathered = [];
  const client = conn.streaming.createClient([new StreamingExtension.Replay(channel, -2)]);
  const subscription = client.subscribe(channel, (event) => {
    gathered.push(event);
    if (gathered.length === 3) {
      clearTimeout(timer);
      subscription.cancel();
      client.disconnect();
      resolve(gathered);
    }
  });
  subscription.then(
    () => conn.sobject("Account").update({ Id: account.id, Site: "heard" }),
    (error) => reject(error),
  );
});
seen.events = events.map((event) => [
  event.payload.ChangeEventHeader.changeType,
  event.payload.Site ?? null,
  event.payload.ChangeEventHeader.recordIds[0] === account.id,
]);
seen.replayIdsRise = events.every((event, n) => n === 0 || event.event.replayId > events[n - 1].event.replayId);

process.stdout.write(JSON.stringify(seen) + "\n");
process.exit(0);
