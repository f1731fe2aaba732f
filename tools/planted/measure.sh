#!/bin/sh
# Measures all tables of docs/attribution.md anew, one run after another; minutes to an hour on a software driver.
# With TABTUNE_SMOLLM2=FILE.gguf the one of SmolLM2, too. Name tables to measure only those: measure.sh planted gaming
set -e
cd "$(dirname "$0")/../.."
tables="${*:-starter planted reworded gaming smollm2}"

measure() {
  name=$1
  shift
  case " $tables " in *" $name "*) npm run --silent attribute -- "$@" --write "docs/attribution.md:$name" ;; esac
}

measure starter --leave-out --retrain 16
measure planted --planted 5 --leave-out --retrain 16
measure reworded --planted 5 --reworded --leave-out
measure gaming --planted 4 --gaming
if [ -n "$TABTUNE_SMOLLM2" ]; then
  measure smollm2 --model "$TABTUNE_SMOLLM2" --planted 3 --epochs 2 --batch-size 4 --rank 8 --checkpoints 1
fi
