// Version 1 of x402 as it was shipped: the stock seller `x402-express` before a facilitator of the stock package's own
// `verify` and `settle`. Both take only networks that they know by name, so the local chain has the id of one. One JSON
// argument: { rpcUrl, key, network, token, payee }. Prints one line of JSON with its URL, and ends when its stdin does.
//
// Both packages ask for `wagmi` and `@coinbase/cdp-sdk`, and load neither here: `package.json` puts a package of one small
// file in the place of their 360 others.
import express from "express";
import { settle, verify } from "x402/facilitator";
import { PaymentPayloadSchema, PaymentRequirementsSchema } from "x402/types";
import { paymentMiddleware } from "x402-express";
import { createWalletClient, http, publicActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import * as chains from "viem/chains";
import { listen } from "./facilitator.mjs";

const { rpcUrl, key, network, token, payee } = JSON.parse(process.argv[2]);
const chain = { "base-sepolia": chains.baseSepolia }[network];
const account = privateKeyToAccount(key);
const client = createWalletClient({ account, chain, transport: http(rpcUrl), pollingInterval: 10 }).extend(publicActions);

// Holds a payment before it is verified, until it is told to go on.
let release;
let holding = 0;
const held = new Promise((resolve) => (release = resolve));

const facilitator = express();
facilitator.use(express.json());
const route = (path, work) =>
  facilitator.post(path, async (req, res) => {
    const payload = PaymentPayloadSchema.parse(req.body.paymentPayload);
    const requirements = PaymentRequirementsSchema.parse(req.body.paymentRequirements);
    if (requirements.resource.endsWith("/held") && path === "/verify") {
      holding += 1;
      await held;
    }
    res.json(await work(client, payload, requirements));
  });
route("/verify", verify);
route("/settle", settle);
facilitator.get("/supported", (_, res) => res.json({ kinds: [{ x402Version: 1, scheme: "exact", network }] }));
const url = await listen(facilitator);

const price = { amount: "10000", asset: { address: token, decimals: 6, eip712: { name: "USD Coin", version: "2" } } };
const routes = { "GET /cent": { price, network, config: { description: "weather" } }, "GET /held": { price, network } };
const seller = express();
seller.use(paymentMiddleware(payee, routes, { url }));
seller.get("/holding", (_, res) => res.json({ holding }));
seller.get("/release", (_, res) => (release(), res.json({})));
seller.use((req, res) => res.json({ path: req.path, version: 1 }));

process.stdin.resume().on("end", () => process.exit(0));
console.log(JSON.stringify({ seller: await listen(seller) }));
