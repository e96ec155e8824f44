/**
 * What the customer wrote and the server has not acknowledged, kept in IndexedDB: over a reload, a crash of the
 * browser, and days without a network.  All tabs of a page share it; the server takes each id once.
 *
 * @typedef {{name: string, type: string, content: Blob, upload?: string}} Enclosed `upload`: its id, once uploaded
 * @typedef {{id: string, text: string, files: Enclosed[], written: number, refused?: string}} Unsent
 *   `refused`: the code for which it will never be taken as it is
 */

const STORE = "unsent";

/** The unsent messages of one app. */
export class Outbox {
  /** @param {IDBDatabase | null} database null where the browser has none to give (private windows): memory */
  constructor(database) {
    this.database = database;
    /** @type {Map<string, Unsent>} */
    this.memory = new Map();
  }

  /**
   * @param {string} name
   * @returns {Promise<Outbox>}
   */
  static open(name) {
    return new Promise((resolve) => {
      try {
        const request = indexedDB.open(name, 1);
        request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
        request.onsuccess = () => resolve(new Outbox(request.result));
        request.onerror = request.onblocked = () => resolve(new Outbox(null));
      } catch {
        resolve(new Outbox(null));
      }
    });
  }

  /** @returns {Promise<Unsent[]>} in the order in which they were written */
  async all() {
    const kept = this.database ? await this.#run("readonly", (store) => store.getAll()) : [];
    return [...kept, ...this.memory.values()].sort((one, other) => one.written - other.written);
  }

  /**
   * Keep a message; when this resolves it survives a reload.
   * @param {Unsent} message
   */
  async put(message) {
    try {
      if (!this.database) throw new Error("no database");
      await this.#run("readwrite", (store) => store.put(message));
      this.memory.delete(message.id);
    } catch {
      this.memory.set(message.id, message); // the disk is full: at least as long as the page is open
    }
  }

  /** @param {string} id */
  async remove(id) {
    this.memory.delete(id);
    if (this.database) await this.#run("readwrite", (store) => store.delete(id));
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest} work
   * @returns {Promise<any>}
   */
  #run(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = /** @type {IDBDatabase} */ (this.database).transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
}
