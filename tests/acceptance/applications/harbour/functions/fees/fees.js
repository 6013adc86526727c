// What a night in the harbour costs, by the boat's length.
const { rate } = require("tariff");
const { metres } = require("./length");

exports.handler = async (event) => {
  const length = metres(event.pathParameters.length);
  if (length === null) {
    return answer(400, { error: "a boat's length is a number of metres from 1 to 60" });
  }
  return answer(200, { length, fee: fee(length) });
};

function fee(length) {
  return Math.round(length * rate * Number(process.env.RATE ?? 3) * 100) / 100;
}

function answer(statusCode, body) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

exports.fee = fee;
