// CommonJS on purpose: transformers imports `sharp` by its default export and requires `onnxruntime-node`.
module.exports = {};
