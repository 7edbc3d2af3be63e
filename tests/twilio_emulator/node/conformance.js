// Drives the official Node client against the emulator and prints what it saw as one JSON object.
// Usage: node conformance.js BASE_URL ACCOUNT_SID AUTH_TOKEN OUR_NUMBER OUTSIDE_NUMBER
"use strict";

const twilio = require("twilio");

const [baseUrl, accountSid, authToken, ours, outside] = process.argv.slice(2);

class RewritingClient extends twilio.RequestClient {
  request(options) {
    const url = new URL(options.uri);
    return super.request({ ...options, uri: `${baseUrl}/${url.host}${url.pathname}${url.search}` });
  }
}

const client = twilio(accountSid, authToken, { httpClient: new RewritingClient() });

async function refusal(work) {
  try {
    await work();
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message };
  }
  return null;
}

async function until(condition) {
  const deadline = Date.now() + 15000;
  while (Date.now() < deadline) {
    const result = await condition();
    if (result) return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the condition did not come true in time");
}

async function main() {
  const seen = {};
  seen.account = (await client.api.v2010.accounts(accountSid).fetch()).status;

  const number = await client.incomingPhoneNumbers.create({ phoneNumber: ours, voiceUrl: "https://a.example.com/v" });
  seen.number = { phoneNumber: number.phoneNumber, voice: number.capabilities.voice };

  const call = await client.calls.create({ to: outside, from: ours, twiml: "<Response><Say>Hello.</Say></Response>" });
  const over = await until(async () => {
    const found = await client.calls(call.sid).fetch();
    return found.status === "completed" && found;
  });
  seen.call = { status: call.status, direction: call.direction, created: call.dateCreated instanceof Date };
  seen.over = { duration: over.duration, ended: over.endTime instanceof Date };
  seen.listed = (await client.calls.list({ to: outside })).some((each) => each.sid === call.sid);

  for (let at = 0; at < 5; at += 1) {
    await client.messages.create({ to: outside, from: ours, body: `message ${at}` });
  }
  seen.bodies = (await client.messages.list({ to: outside, pageSize: 2 })).map((each) => each.body);

  const queue = await client.queues.create({ friendlyName: "from node" });
  const waiting = await client.calls.create({
    to: outside,
    from: ours,
    twiml: "<Response><Enqueue>from node</Enqueue></Response>",
  });
  await until(async () => (await client.queues(queue.sid).fetch()).currentSize === 1);
  seen.front = (await client.queues(queue.sid).members("Front").fetch()).callSid === waiting.sid;
  seen.completed = (await client.calls(waiting.sid).update({ status: "completed" })).status;

  seen.missing = await refusal(() => client.calls(`CA${"0".repeat(32)}`).fetch());
  seen.tooLong = await refusal(() => client.messages.create({ to: outside, from: ours, body: "x".repeat(1601) }));
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
