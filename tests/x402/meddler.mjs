// A way to the node on which something happens just before a certain question gets there, once. One JSON argument:
// { rpcUrl, when, skip, visits, first: [[method, params], ...], refuses }: before the question that has `when` in it, after
// `skip` others of its kind, it visits a URL and asks the node for `first`. Questions that have `refuses` in them get no
// answer but an error, always. Prints one line of JSON with its URL, and ends when its stdin does.
import http from "node:http";

const { rpcUrl, when, skip = 0, visits, first = [], refuses } = JSON.parse(process.argv[2]);
const headers = { "content-type": "application/json" };
const ask = (body) => fetch(rpcUrl, { method: "POST", headers, body });
let left = skip;

const server = http.createServer(async (req, res) => {
  const parts = [];
  for await (const part of req) parts.push(part);
  const question = Buffer.concat(parts).toString();
  if (refuses && question.includes(refuses)) return void res.writeHead(500).end("out of order");
  if (when && question.includes(when) && left-- === 0) {
    if (visits) await fetch(visits);
    for (const [method, params] of first) {
      const answer = await (await ask(JSON.stringify({ jsonrpc: "2.0", id: 0, method, params }))).json();
      if (answer.error) console.error(method, answer.error);
    }
  }
  const answer = await ask(question);
  res.writeHead(answer.status, headers).end(await answer.text());
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ node: `http://127.0.0.1:${server.address().port}` })));
process.stdin.resume().on("end", () => process.exit(0));
