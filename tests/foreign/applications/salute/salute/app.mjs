const edition = "first";

export const lambdaHandler = async () => ({ statusCode: 200, body: JSON.stringify({ edition }) });
