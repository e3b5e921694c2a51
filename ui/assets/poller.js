// Asks the server for new rows: often while training, more often for a moment when something is about to happen, slowly
// while nobody looks, with patience when it does not answer.

const PERIOD = 800;
// While something was asked for and is not done, or a training has begun and shows nothing yet; for some seconds.
const EAGER_PERIOD = 150;
const EAGER_TIMES = 60;
const HIDDEN_PERIOD = 5000;
const LONGEST_WAIT = 10000;
// A stopped or interrupted experiment may be resumed from another browser; a finished one stays as it is.
const RESUMABLE_PERIOD = 5000;

export class Poller {
  constructor(url, { after, receive, trouble }) {
    Object.assign(this, { url, after, receive, trouble });
    this.failures = 0;
    this.eager = 0;
    this.stopped = false;
    this.busy = false;
    this.onVisible = () => { if (!document.hidden) this.wake(); };
    document.addEventListener("visibilitychange", this.onVisible);
  }

  wake() {
    clearTimeout(this.timer);
    this.eager = 0;
    if (!this.stopped && !this.busy) this.ask();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  async ask() {
    this.busy = true;
    let wait = null;
    try {
      wait = await this.fetch();
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      const patience = Math.max(error.wait ?? 0, Math.min(LONGEST_WAIT, PERIOD * 2 ** Math.min(this.failures, 5)));
      // A class that was turned away together must not come back together.
      wait = patience * (1 + Math.random() / 2);
      if (!this.stopped && this.failures > 1) this.trouble(error.told ?? "The server does not answer. Reconnecting; training goes on without this page.");
    }
    this.busy = false;
    if (!this.stopped && wait !== null) this.timer = setTimeout(() => this.ask(), wait);
  }

  async fetch() {
    const url = new URL(this.url, document.baseURI);
    const after = this.after();
    url.searchParams.set("after", after);
    // The first look: of long runs what they are recognised by comes ahead of the rest.
    if (!after && !this.looked) url.searchParams.set("overview", "");
    this.looked = true;
    const response = await fetch(url, { signal: AbortSignal.timeout(10000) });
    const answer = await response.json();
    if (this.stopped) return null;
    if (response.status === 404 || response.status === 403 || response.status === 400) {
      this.trouble(answer.error);
      return null;
    }
    if (!response.ok) throw Object.assign(new Error(), { told: answer.error, wait: 1000 * Number(response.headers.get("Retry-After")) });
    this.receive(answer);
    if (answer.more) return 0;
    if (answer.finished) return ["stopped", "interrupted"].includes(answer.status) ? RESUMABLE_PERIOD : null;
    if (document.hidden) return HIDDEN_PERIOD;
    this.eager = imminent(answer) ? this.eager + 1 : 0;
    return this.eager && this.eager <= EAGER_TIMES ? EAGER_PERIOD : PERIOD;
  }
}

// Of `sources`, by address, each with its poller, keeps those that `wanted` names, makes the others with `add`, and asks
// all at once; `left` hears of each that is gone.
export function follow(sources, wanted, add, left) {
  const urls = new Set(wanted.map(({ url }) => url));
  for (const [url, source] of sources) {
    if (urls.has(url)) continue;
    source.poller.stop();
    sources.delete(url);
    left();
  }
  for (const url of urls) {
    if (!sources.has(url)) sources.set(url, add(url));
    sources.get(url).poller.wake();
  }
}

// Whether the next answer will tell something new in a moment.
function imminent({ asked, status, progress }) {
  return Boolean(asked?.length) || (status === "running" && !progress?.step);
}
