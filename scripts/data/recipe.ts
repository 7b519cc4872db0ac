/** A Go module, pinned by version and by the checksum that `go mod download -json` prints as Sum. */
export interface Module {
  readonly path: string;
  readonly version: string;
  readonly sum: string;
}

/** One kind of data: which modules it is made from, and how. */
export interface Recipe {
  readonly name: string;
  /** Raised when `make` changes, so that old output is made again. */
  readonly revision: number;
  readonly modules: readonly Module[];
  /** From the modules' folders, in the order of `modules`, to the files of `data/` by name. */
  make(folders: readonly string[]): Promise<Readonly<Record<string, string | Uint8Array>>>;
}
