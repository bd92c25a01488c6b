// A stock x402 seller before a stock facilitator, for `purse demo`: one thing for a cent, one for three dollars. One JSON argument:
// { rpcUrl, chainId, key, token, payee }. Prints its URL, and ends when its stdin does.
import express from "express";
import { HTTPFacilitatorClient } from "@x402/core/server";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { listen, startFacilitator } from "../tests/x402/facilitator.mjs";

const config = JSON.parse(process.argv[2]);
const network = `eip155:${config.chainId}`;
const price = (amount) => ({ asset: config.token, amount, extra: { name: "USD Coin", version: "2" } });
const facilitator = await startFacilitator(config);
const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitator.url })).register(network, new ExactEvmScheme());

const app = express();
const sold = (amount, description) => ({
  accepts: { scheme: "exact", network, price: price(amount), payTo: config.payee, maxTimeoutSeconds: 60 },
  description,
  mimeType: "application/json",
});
const shop = { "GET /forecast": sold("10000", "a forecast"), "GET /archive": sold("3000000", "a year of weather") };
app.use(paymentMiddleware(shop, server));
app.get("/forecast", (_, res) => res.json({ forecast: "sunny" }));
app.get("/archive", (_, res) => res.json({ archive: "it rained" }));

process.stdin.resume().on("end", () => process.exit(0));
console.log(await listen(app));
