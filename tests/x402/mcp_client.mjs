// A real MCP client (the official SDK) before `purse mcp`. One JSON argument: { command, args, cwd, env, calls } or
// { command, args, cwd, env, documents: { seller, odd, payee } }, or { ..., served: { odd, fields, count } } for documents that
// come out of a seller. Prints one line of JSON: the tools, every answer, and how many documents were read and obeyed.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { documents, obey } from "./injections.mjs";

const config = JSON.parse(process.argv[2]);
const { command, args, cwd, env } = config;
const client = new Client({ name: "test", version: "1" });
await client.connect(new StdioClientTransport({ command, args, cwd, env }));
const tools = (await client.listTools()).tools;

/** Calls a tool as it is told; what the protocol refuses is an answer too. */
async function call({ name, arguments: given }) {
  try {
    const { isError, structuredContent, content } = await client.callTool({ name, arguments: given });
    return { isError, structuredContent, text: content[0]?.text };
  } catch (error) {
    return { protocolError: String(error.message ?? error) };
  }
}

const answers = [];
for (const one of config.calls ?? []) answers.push(await call(one));
let read = 0;
if (config.documents) {
  for (const document of documents(config.documents)) {
    read += 1;
    for (const one of obey(document)) answers.push(await call(one));
  }
}
/** Every text in an answer. */
const texts = (value) =>
  typeof value === "string" ? [value] : value && typeof value === "object" ? Object.values(value).flatMap(texts) : [];
let obeyed = 0;
if (config.served) {
  const { odd, fields, count } = config.served;
  for (read = 0; read < count; read += 1) {
    const url = `${odd}/injects/${fields[read % fields.length]}/${read}`;
    const bought = { url, reason: "a forecast", purchase_id: `served-${read}` };
    for (const asked of [{ name: "quote", arguments: { url } }, { name: "pay_and_fetch", arguments: bought }]) {
      const answer = await call(asked);
      answers.push(answer);
      for (const one of texts(answer.structuredContent).flatMap(obey)) {
        obeyed += 1;
        await call(one);
      }
    }
  }
}
console.log(JSON.stringify({ tools, answers, read, obeyed }));
await client.close();
