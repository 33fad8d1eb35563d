import Hummingbird

/// A page to talk to the model: one file without outside resources, for keyboards and phones, light and dark.
enum ChatPage {
  static let response = Response(
    status: .ok,
    headers: [
      .contentType: "text/html; charset=utf-8", .cacheControl: "no-cache",
      .contentSecurityPolicy:
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'",
    ],
    body: ResponseBody(byteBuffer: ByteBuffer(string: html)))

  static let html = #"""
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>Admix chat</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
    <style>
    :root { color-scheme: light dark; --back: #fbfaf8; --text: #1d1d1f; --mine: #e4ecf7; --line: #d9d6cf;
      --quiet: #66635d; --act: #1f5fbf; --wrong: #a3261b; }
    @media (prefers-color-scheme: dark) { :root { --back: #17181a; --text: #e9e7e3; --mine: #22334d; --line: #3a3b3e;
      --quiet: #a5a29b; --act: #7fb0ff; --wrong: #ff9d92; } }
    * { box-sizing: border-box }
    html, body { height: 100%; height: 100dvh; margin: 0 }
    body { display: flex; flex-direction: column; background: var(--back); color: var(--text);
      font: 16px/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif }
    header, footer, main { width: 100%; max-width: 46rem; margin: 0 auto; padding: .6rem 1rem }
    header { display: flex; gap: .8rem; align-items: baseline; border-bottom: 1px solid var(--line) }
    h1 { font-size: 1.05rem; margin: 0; flex: 1; overflow-wrap: anywhere }
    main { flex: 1; overflow-y: auto }
    main p.hint { color: var(--quiet) }
    .turn { margin: .8rem 0; white-space: pre-wrap; overflow-wrap: anywhere }
    .user { background: var(--mine); border-radius: .8rem; padding: .5rem .8rem; width: fit-content;
      max-width: 88%; margin-left: auto }
    .assistant:empty::before { content: "…"; color: var(--quiet) }
    .turn small { display: block; color: var(--quiet); font-size: .8rem }
    .wrong small { color: var(--wrong); font-size: .9rem }
    footer { border-top: 1px solid var(--line); max-height: 70dvh; overflow-y: auto }
    form { display: flex; gap: .5rem; align-items: flex-end }
    textarea, input { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line);
      border-radius: .6rem; padding: .5rem .7rem }
    textarea { flex: 1; resize: none; min-height: 2.7rem; max-height: 40vh }
    button { font: inherit; border: 1px solid var(--act); color: var(--act); background: transparent;
      border-radius: .6rem; padding: .5rem .9rem; min-height: 2.7rem; cursor: pointer }
    button:disabled { opacity: .4; cursor: default }
    :focus-visible { outline: 2px solid var(--act); outline-offset: 1px }
    details { color: var(--quiet); font-size: .9rem; margin-top: .5rem }
    details div { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .5rem .9rem;
      margin: .5rem 0 }
    details label { display: block; white-space: nowrap } details label.wide { grid-column: 1 / -1 }
    details input { display: block; width: 100%; padding: .3rem .5rem; color: var(--text) }
    </style></head><body>
    <header><h1 id="name">Admix chat</h1><button type="button" id="reset">New chat</button></header>
    <main id="talk" aria-live="polite"><p class="hint">Enter sends, Shift+Enter makes a new line, Escape stops an
    answer. Nothing is kept but on this page.</p></main>
    <footer><form id="form"><textarea id="text" rows="1" aria-label="Message" placeholder="Message"
    autofocus></textarea>
    <button id="send">Send</button></form>
    <details><summary>Settings</summary><div>
    <label>Temperature <input id="temperature" type="number" min="0" max="2" step="0.1" value="0.7"></label>
    <label>top_p <input id="top_p" type="number" min="0.05" max="1" step="0.05" value="0.95"></label>
    <label>Tokens <input id="max_tokens" type="number" min="1" step="1" value="512"></label>
    <label>Seed <input id="seed" type="number" step="1" placeholder="any"></label>
    <label class="wide">System prompt <input id="system"></label>
    <label class="wide">API key, where the server needs one <input id="key" type="password" autocomplete="off"></label>
    </div></details></footer>
    <script>
    "use strict";
    const $ = id => document.getElementById(id), talk = $("talk"), text = $("text"), send = $("send");
    let messages = [], running = null;
    const headers = () => {
      const h = {"Content-Type": "application/json"};
      if ($("key").value) h.Authorization = "Bearer " + $("key").value;
      return h;
    };
    fetch("/health").then(r => r.json()).then(r => { $("name").textContent = r.model; document.title = r.model; });
    const turn = (role, content) => {
      const node = document.createElement("div");
      node.className = "turn " + role;
      node.textContent = content;
      talk.append(node);
      talk.scrollTop = talk.scrollHeight;
      return node;
    };
    const grow = () => { text.style.height = "auto"; text.style.height = text.scrollHeight + 2 + "px"; };
    const busy = on => { send.textContent = on ? "Stop" : "Send"; };
    async function answer() {
      const node = turn("assistant", ""), began = performance.now();
      const body = {messages: [...messages], stream: true, stream_options: {include_usage: true},
        temperature: +$("temperature").value, top_p: +$("top_p").value, max_tokens: +$("max_tokens").value};
      if ($("seed").value !== "") body.seed = +$("seed").value;
      if ($("system").value) body.messages.unshift({role: "system", content: $("system").value});
      // A new chat begins another list; an answer that belongs to the old one is not added to it.
      const mine = running = new AbortController(), talked = messages;
      busy(true);
      let said = "", note = "";
      try {
        const reply = await fetch("/v1/chat/completions",
          {method: "POST", headers: headers(), body: JSON.stringify(body), signal: mine.signal});
        if (!reply.ok) throw new Error((await reply.json()).error.message);
        const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let rest = ""; ;) {
          const {value, done} = await reader.read();
          if (done) break;
          const events = (rest + value).split("\n\n");
          rest = events.pop();
          for (const event of events) {
            const data = event.replace(/^data: /, "");
            if (data === "[DONE]") continue;
            const chunk = JSON.parse(data);
            said += chunk.choices[0]?.delta.content ?? "";
            if (chunk.choices[0]?.finish_reason === "length") note = "cut at the limit of tokens · ";
            if (chunk.usage) {
              const tokens = chunk.usage.completion_tokens;
              note += `${tokens} tokens, ${(tokens * 1000 / (performance.now() - began)).toFixed(0)} a second`;
            }
          }
          const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
          node.textContent = said;
          if (atEnd) talk.scrollTop = talk.scrollHeight;
        }
      } catch (error) {
        if (error.name === "AbortError") note = "stopped"; else { node.classList.add("wrong"); note = error.message; }
      }
      if (running === mine) { running = null; busy(false); }
      if (talked !== messages) return;
      if (said) messages.push({role: "assistant", content: said});
      else {
        // The question was not answered: it goes back to be sent again.
        const asked = messages.pop();
        if (asked && !text.value) { text.value = asked.content; grow(); }
      }
      const small = document.createElement("small");
      small.textContent = note;
      node.append(small);
      talk.scrollTop = talk.scrollHeight;
    }
    $("form").addEventListener("submit", event => {
      event.preventDefault();
      if (running) { running.abort(); return; }
      const content = text.value.trim();
      if (!content) return;
      messages.push({role: "user", content});
      turn("user", content);
      text.value = "";
      grow();
      answer();
    });
    text.addEventListener("input", grow);
    text.addEventListener("keydown", event => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (!running) $("form").requestSubmit();
      }
    });
    document.addEventListener("keydown", event => { if (event.key === "Escape" && running) running.abort(); });
    $("reset").addEventListener("click", () => {
      if (running) running.abort();
      messages = [];
      talk.replaceChildren();
      text.focus();
    });
    </script></body></html>

    """#
}
