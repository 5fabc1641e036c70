#!/bin/sh
# Fetches what the pages use from elsewhere, at fixed versions, and writes down what arrived in manifest.json.
# For maintainers only (needs npm): the files are committed, and a test holds them against the manifest.
set -eu
HTMX=4.0.1
LUCIDE=1.62.0
AXE=4.14.1
CODEMIRROR=6.0.2
CODEMIRROR_PARTS="@codemirror/state@6.7.6 @codemirror/view@6.43.15 @codemirror/commands@6.11.1 @codemirror/language@6.13.1 \
@codemirror/autocomplete@6.20.4 @codemirror/lint@6.9.8 @codemirror/search@6.7.2 @codemirror/lang-yaml@6.1.3 \
@lezer/highlight@1.2.5"
ESBUILD=0.28.2
ICONS="alarm-clock arrow-left at-sign bell-off book-open chart-column check chevron-down circle circle-check clock \
clock-alert download external-link eye eye-off globe hand history inbox info keyboard layers link lock log-out mail menu \
message-square moon paperclip pause pencil play plug refresh-cw reply search send settings shield-alert siren sparkles \
sticky-note tag trash-2 triangle-alert user user-round-plus users x"

vendor=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$vendor/../../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

unpack() {
    mkdir "$scratch/$1"
    (cd "$scratch/$1" && npm pack --silent "$2" >/dev/null && tar xzf ./*.tgz)
}

unpack htmx "htmx.org@$HTMX"
cp "$scratch/htmx/package/dist/htmx.min.js" "$vendor/htmx.min.js"
sed -i.before '/^\/\/# sourceMappingURL=/d' "$vendor/htmx.min.js" && rm "$vendor/htmx.min.js.before"

unpack lucide "lucide-static@$LUCIDE"
{
    printf '<svg xmlns="http://www.w3.org/2000/svg"><!-- lucide-static %s, ISC -->\n' "$LUCIDE"
    for icon in $ICONS; do
        printf '<symbol id="%s" viewBox="0 0 24 24">' "$icon"
        sed -e '/^<!--/d' -e '/<svg/,/>/d' -e '/<\/svg>/d' "$scratch/lucide/package/icons/$icon.svg" | tr -d '\n' | tr -s ' '
        printf '</symbol>\n'
    done
    printf '</svg>\n'
} > "$vendor/icons.svg"

unpack axe "axe-core@$AXE"
mkdir -p "$project/tests/browser/vendor"
cp "$scratch/axe/package/axe.min.js" "$project/tests/browser/vendor/axe.min.js"

# One bundle with what js/editor.js uses, under the name CodeMirror.
mkdir "$scratch/editor"
(
    cd "$scratch/editor"
    npm init -y >/dev/null
    # shellcheck disable=SC2086
    npm install --silent --no-fund --no-audit "codemirror@$CODEMIRROR" $CODEMIRROR_PARTS "esbuild@$ESBUILD"
    cat > entry.js <<'JS'
export { EditorState } from "@codemirror/state";
export { EditorView, keymap, lineNumbers, highlightActiveLine } from "@codemirror/view";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
export { autocompletion, completionKeymap } from "@codemirror/autocomplete";
export { lintGutter, setDiagnostics } from "@codemirror/lint";
export { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
export { yaml } from "@codemirror/lang-yaml";
export { classHighlighter } from "@lezer/highlight";
JS
    npx esbuild entry.js --bundle --minify --format=iife --global-name=CodeMirror --target=es2022 --legal-comments=none \
        --log-level=warning --outfile="$vendor/codemirror.min.js"
)

sum() { sha256sum "$1" | cut -d ' ' -f 1; }
cat > "$vendor/manifest.json" <<JSON
[
  {"name": "htmx.org", "version": "$HTMX", "licence": "0BSD", "file": "inbox/web/static/vendor/htmx.min.js", "sha256": "$(sum "$vendor/htmx.min.js")"},
  {"name": "codemirror", "version": "$CODEMIRROR", "licence": "MIT", "file": "inbox/web/static/vendor/codemirror.min.js", "sha256": "$(sum "$vendor/codemirror.min.js")"},
  {"name": "lucide-static", "version": "$LUCIDE", "licence": "ISC", "file": "inbox/web/static/vendor/icons.svg", "sha256": "$(sum "$vendor/icons.svg")"},
  {"name": "axe-core", "version": "$AXE", "licence": "MPL-2.0", "file": "tests/browser/vendor/axe.min.js", "sha256": "$(sum "$project/tests/browser/vendor/axe.min.js")"}
]
JSON
