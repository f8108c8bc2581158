// The restorer's two graphs in ONNX Runtime's WebAssembly, one thread: more would need headers that a static site does
// not have.
//
// `ort` is onnxruntime-web's module. Weights are external data of the graphs: the files that the package ships.

// {words, picture} as `restore` asks for them; `files`: name -> bytes, the graphs among them.
export async function openNetwork(ort, wasm, files) {
  Object.assign(ort.env.wasm, { numThreads: 1, proxy: false, wasmBinary: wasm });
  const find = (ending) => Object.keys(files).find((name) => name.endsWith(ending));
  const open = (ending) => {
    const weights = Object.keys(files).filter((name) => !name.endsWith(".onnx"));
    const externalData = weights.map((path) => ({ path, data: files[path] }));
    return ort.InferenceSession.create(files[find(ending)], { executionProviders: ["wasm"], externalData });
  };
  const words = await open("-words.onnx");
  const restorer = await open("-restorer.onnx");
  const floats = (values, shape) => new ort.Tensor("float32", values, shape);
  return {
    async words(numbers) {
      const places = numbers[0].length;
      const all = BigInt64Array.from(numbers.flatMap((one) => Array.from(one)));
      const { text } = await words.run({ numbers: new ort.Tensor("int64", all, [numbers.length, places]) });
      const [, , width] = text.dims;
      return numbers.map((_, i) => floats(text.data.slice(i * places * width, (i + 1) * places * width), [1, places, width]));
    },
    async picture({ z, control, text, level, rows, columns }) {
      const shape = [1, z.length / (rows * columns), rows, columns];
      const alpha_bar = floats(Float32Array.of(level), [1]);
      return (await restorer.run({ z: floats(z, shape), control: floats(control, shape), text, alpha_bar })).clean.data;
    },
  };
}
