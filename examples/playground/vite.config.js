/** The page can lie in any folder of a host: paths are relative. */
export default {
  base: "./",
  build: { target: "es2022" },
  worker: { format: "es" },
};
