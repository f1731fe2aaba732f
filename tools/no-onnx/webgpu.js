// The types and the Tensor class that transformers touches while it loads; no runtime behind them.
export * from 'onnxruntime-common';
