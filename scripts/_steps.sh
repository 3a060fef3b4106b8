# Sourced by scripts/check and scripts/test: runs named steps, goes on after a failure, tells all at the end.
summary=''
failures=0

step() {
    name=$1
    shift
    echo
    echo "== $name"
    begun=$(date +%s)
    if "$@"; then verdict=passed; else verdict=FAILED failures=$((failures + 1)); fi
    summary="$summary$(printf '  %-28s %s  %4d s' "$name" "$verdict" $(($(date +%s) - begun)))
"
}

finish() {
    echo
    echo "== Summary"
    printf '%s' "$summary"
    if [ "$failures" -gt 0 ]; then
        echo "  $failures step(s) failed"
        exit 1
    fi
    echo "  all passed"
}
