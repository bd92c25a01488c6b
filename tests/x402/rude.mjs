// Sellers with bad manners on the wire: they lead elsewhere, never end, or take their time over every byte. One JSON
// argument: { chainId, token, payee }. Prints one line of JSON with its URLs, and ends when its stdin does.
import http from "node:http";

const { chainId, token, payee } = JSON.parse(process.argv[2]);
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64");
const offer = {
  scheme: "exact",
  network: `eip155:${chainId}`,
  amount: "10000",
  asset: token,
  payTo: payee,
  maxTimeoutSeconds: 60,
  extra: { name: "USD Coin", version: "2" },
};
const demand = (changes = {}, more = {}) => ({
  x402Version: 2,
  error: "Payment required",
  resource: { url: "http://rude.example", description: "", mimeType: "" },
  accepts: [{ ...offer, ...changes }],
  ...more,
});
const ask = (res, value = demand()) => res.writeHead(402, { "PAYMENT-REQUIRED": encode(value) }).end("{}");
const paid = (req) => "payment-signature" in req.headers;

/** Serves without an end, as fast as it is read. */
function endless(res) {
  const page = Buffer.alloc(64 * 1024, "a");
  const more = () => {
    while (res.write(page));
  };
  res.writeHead(200, { "content-type": "text/plain" }).on("drain", more);
  more();
}

/** Sends a byte now and then, until the other side hangs up. */
function drip(to) {
  const timer = setInterval(() => to.write("a"), 20);
  to.on("close", () => clearInterval(timer));
  to.on("error", () => clearInterval(timer));
}

/** Headers without an end: the status line comes, and then a header that grows. */
function headers(res) {
  holding += 1;
  res.socket.write("HTTP/1.1 200 OK\r\nX-Drip: ");
  drip(res.socket);
}

const routes = {
  // before anything is paid
  "/loop": (req, res) => res.writeHead(307, { location: "/loop" }).end(),
  "/endless": (req, res) => endless(res),
  "/headers": (req, res) => headers(res),
  "/body": (req, res) => {
    res.writeHead(402, { "PAYMENT-REQUIRED": encode(demand()) });
    drip(res);
  },
  "/nothing": (req, res) => ask(res, demand({ amount: "0" })),
  "/hurried": (req, res) => ask(res, demand({ maxTimeoutSeconds: 5 })),
  "/version-3": (req, res) => ask(res, demand({}, { x402Version: 3 })),
  "/no-offer": (req, res) => ask(res, demand({}, { accepts: [] })),
  "/elsewhere": (req, res) => res.writeHead(307, { location: `${other}/` }).end(),
  // to a payment
  "/paid-elsewhere": (req, res) => (paid(req) ? res.writeHead(307, { location: `${other}/` }).end() : ask(res)),
  "/paid-loop": (req, res) => (paid(req) ? res.writeHead(307, { location: "/paid-loop" }).end() : ask(res)),
  "/paid-endless": (req, res) => (paid(req) ? endless(res) : ask(res)),
  "/paid-headers": (req, res) => (paid(req) ? headers(res) : ask(res)),
  "/paid-body": (req, res) => (paid(req) ? (res.writeHead(200), drip(res)) : ask(res)),
  "/fails": (req, res) => (paid(req) ? res.writeHead(500).end("out of weather") : ask(res)),
  "/refuses": (req, res) => ask(res, demand({}, paid(req) ? { error: "we are closed" } : {})),
  "/serves": (req, res) => (paid(req) ? res.end("as a gift") : ask(res)),
  "/silent": (req, res) => void (paid(req) ? (holding += 1) : ask(res)),
  // of the tests
  "/holding": (req, res) => res.end(JSON.stringify({ holding })),
  "/seen": (req, res) => res.end(JSON.stringify(seen)),
};
// How many were left waiting, for ever.
let holding = 0;
// What other origins were sent.
const seen = [];

function listen(answer) {
  const server = http.createServer(answer);
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`)),
  );
}
const other = await listen((req, res) => {
  seen.push(req.headers);
  res.end("elsewhere");
});
const seller = await listen((req, res) => {
  const route = routes[req.url];
  route ? route(req, res) : res.writeHead(404).end();
});

process.stdin.resume().on("end", () => process.exit(0));
console.log(JSON.stringify({ seller, other }));
