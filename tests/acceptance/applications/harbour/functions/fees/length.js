// A boat's length as its skipper says it, in metres; null for what is none.
exports.metres = (text) => {
  const length = Number(text);
  return Number.isFinite(length) && length >= 1 && length <= 60 ? length : null;
};
