// Writes arrivals into the log; what is no arrival is given back, alone.
export async function handler(event) {
  const failed = event.Records.filter((record) => !written(record.body));
  return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
}

export function written(body) {
  try {
    const { boat, found } = JSON.parse(body);
    if (typeof boat !== "string" || !found?.berth) return false;
    console.log(JSON.stringify({ boat, berth: found.berth }));
    return true;
  } catch {
    return false;
  }
}
