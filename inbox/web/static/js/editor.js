// The playbook's editor: CodeMirror over the form's text, with the loader's own words offered as one types.
const editor = (() => {
  "use strict";
  const CM = globalThis.CodeMirror;

  // -- where the cursor stands: the keys above it, "[]" for an entry of a list

  function above(doc, number, indent) {
    const path = [];
    let limit = indent;
    for (let at = number - 1; at > 0 && limit > 0; at -= 1) {
      const found = /^(\s*)((?:-\s+)*)([\w.-]+|"[^"]*")\s*:/.exec(doc.line(at).text);
      const dash = found && found[2] ? found[1].length : -1;
      const column = found ? found[1].length + found[2].length : -1;
      if (!found) continue;
      if (column < limit) { path.unshift(found[3]); limit = column; }
      if (dash >= 0 && dash < Math.floor(limit)) { path.unshift("[]"); limit = dash + 0.5; }
    }
    return path;
  }

  // What is open on the line itself: {when: {topic: …  or  [a, b …
  function inside(text, path) {
    let key = "";
    let quote = "";
    const open = [];
    for (const sign of text) {
      if (quote) { if (sign === quote) quote = ""; else key += sign; continue; }
      if (sign === '"' || sign === "'") { quote = sign; continue; }
      if (sign === "{" || sign === "[") { open.push(path.length); if (sign === "[") path.push("[]"); key = ""; continue; }
      if (sign === "}" || sign === "]") { path.length = open.pop() ?? path.length; key = ""; continue; }
      if (sign === ",") { const start = open.at(-1) ?? path.length; path.length = start + (path[start] === "[]" ? 1 : 0); key = ""; continue; }
      if (sign === ":") { path.push(key.trim()); key = ""; continue; }
      key += sign;
    }
    return open.length > 0;
  }

  function standing(state, position) {
    const line = state.doc.lineAt(position);
    const before = line.text.slice(0, position - line.from);
    const found = /^(\s*)((?:-\s+)*)(?:([\w.-]+)\s*:\s+)?(.*)$/.exec(before);
    const column = found[1].length + found[2].length;
    const path = above(state.doc, line.number, found[2] ? found[1].length + 0.5 : column);
    if (found[2]) path.push("[]");
    if (found[3]) path.push(found[3]);
    inside(found[4], path);
    return path;
  }

  // -- what the loader knows there

  function every(schemas, root) {
    return schemas.flatMap((one) => {
      if (one?.$ref) return every([root.$defs[one.$ref.split("/").at(-1)]], root);
      return one?.anyOf ? every(one.anyOf, root) : one ? [one] : [];
    });
  }

  function step(schemas, name, words) {
    return every(schemas.flatMap((one) => {
      if (name === "[]") return one.items ? [one.items] : [];
      if (one.properties?.[name]) return [one.properties[name]];
      if (words.signals[name] && one.properties?.topic) return [{ enum: words.signals[name] }];
      return [...Object.values(one.patternProperties ?? {}), ...(typeof one.additionalProperties === "object" ? [one.additionalProperties] : [])];
    }), words.schema);
  }

  function named(one, words) {
    const kinds = { "the name of a team": "teams", "the name of a topic": "topics", "a label": "labels", "the name of a reply template": "templates",
      "the name of a rule": "rules", "an account's name": "accounts", "a team, or a member of one": "teams" };
    const kind = kinds[one.description] ?? (one.description?.startsWith("a team,") ? "teams" : "");
    return kind ? words[kind] : [];
  }

  function offered(path, words) {
    const schemas = path.reduce((found, name) => step(found, name, words), [words.schema]);
    const within = schemas.flatMap((one) => (one.items ? every([one.items], words.schema) : [one]));
    const options = [];
    for (const one of within) {
      for (const key of Object.keys(one.properties ?? {})) options.push({ label: key, apply: `${key}: `, type: "property", boost: one.required?.includes(key) ? 2 : 1 });
      if (one.properties?.topic) for (const signal of Object.keys(words.signals)) options.push({ label: signal, apply: `${signal}: `, type: "property" });
      for (const value of one.enum ?? (one.const ? [one.const] : one.type === "boolean" ? ["true", "false"] : [])) options.push({ label: String(value), type: "constant" });
      for (const name of named(one, words)) options.push({ label: name, detail: words.titles[name], type: "text" });
    }
    if (path.at(-1) === "hours" && path[0] !== "hours") for (const name of [...words.hours, "always"]) options.push({ label: name, type: "text" });
    return [...new Map(options.map((option) => [option.label, option])).values()];
  }

  function complete(words) {
    return async (context) => {
      const word = context.matchBefore(/[\w.-]*/);
      if (!context.explicit && !word.text && !/[\s:{[,-]$/.test(context.state.sliceDoc(Math.max(0, word.from - 1), word.from))) return null;
      if (/^\s*#/.test(context.state.doc.lineAt(context.pos).text)) return null;
      const options = offered(standing(context.state, word.from), await words());
      return options.length && (context.explicit || word.text) ? { from: word.from, options, validFor: /^[\w.-]*$/ } : null;
    };
  }

  // -- the view

  function open(text, holder, given) {
    let words = null;
    const fetched = () => (words ??= fetch(given.words).then((reply) => reply.json()));
    const view = new CM.EditorView({
      parent: holder,
      doc: text.value,
      extensions: [
        CM.EditorView.cspNonce.of(given.nonce),
        CM.EditorState.phrases.of(given.phrases),
        CM.lineNumbers(), CM.lintGutter(), CM.history(), CM.indentOnInput(), CM.bracketMatching(), CM.highlightActiveLine(),
        CM.highlightSelectionMatches(), CM.indentUnit.of("  "), CM.yaml(), CM.syntaxHighlighting(CM.classHighlighter),
        CM.autocompletion({ override: [complete(fetched)], icons: false }),
        CM.keymap.of([...CM.completionKeymap, ...CM.searchKeymap, ...CM.historyKeymap, CM.indentWithTab, ...CM.defaultKeymap]),
        CM.EditorView.lineWrapping,
        CM.EditorView.contentAttributes.of({ "aria-label": given.name, "aria-describedby": "editor-help", spellcheck: "false", tabindex: "0" }),
        CM.EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          text.value = update.state.doc.toString();
          given.changed();
        }),
      ],
    });
    text.hidden = true;

    function mark(mistakes) {
      const lines = view.state.doc.lines;
      const diagnostics = mistakes.filter((one) => one.line >= 1 && one.line <= lines).map((one) => {
        const line = view.state.doc.line(one.line);
        return { from: line.from + /^\s*/.exec(line.text)[0].length, to: line.to, severity: "error", message: one.message };
      });
      view.dispatch(CM.setDiagnostics(view.state, diagnostics.sort((one, other) => one.from - other.from)));
    }

    function jump(number, focus = true) {
      const line = view.state.doc.line(Math.max(1, Math.min(number, view.state.doc.lines)));
      view.dispatch({ selection: { anchor: line.from, head: line.to }, effects: CM.EditorView.scrollIntoView(line.from, { y: "center" }) });
      if (focus) { view.focus(); holder.scrollIntoView({ block: "nearest" }); }
    }

    return { mark, jump };
  }

  return { open };
})();
