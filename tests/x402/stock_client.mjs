// The stock client of @x402/fetch paying from a purse, by the signer of examples/js. One JSON argument:
// { url, key, purse }. Prints status and body.
import { purseFetch } from "../../examples/js/purse-signer.mjs";

const { url, key, purse } = JSON.parse(process.argv[2]);
const response = await purseFetch({ key, purse })(url);
console.log(JSON.stringify({ status: response.status, body: await response.text() }));
