/* Memory over time: the adding and the copying problem at reduced size. */
#include "found.h"

TestSuite(sequences, .init = make_folder, .fini = remove_folder, .timeout = 280);

/* Who always says 1 has 1/6 (the variance of the sum of two uniform numbers). */
Test(sequences, an_lstm_adds_two_marked_numbers)
{
    outcome run = dotgrad("train " EXAMPLES "adding-lstm.dot --set half=5 --epochs 700 --no-pictures -o run");
    expect_fine(run);
    expect_to("adding problem, 10 steps: mean square error", number_after(run.out, "train loss: "), 0.02);
}

/* Who remembers nothing has log 8 = 2.08. */
Test(sequences, a_gru_copies_symbols)
{
    outcome run = dotgrad("train " EXAMPLES "copying-gru.dot --set wait=2 --epochs 1000 --no-pictures -o run");
    expect_fine(run);
    expect_to("copying problem, 5 symbols: cross-entropy", number_after(run.out, "train loss: "), 0.5);
}

/* Who knows how frequent the characters are and no more is right in 17 of 100 cases, the blanks. */
Test(sequences, networks_learn_to_write)
{
    outcome run = dotgrad("train " EXAMPLES "char-lstm.dot --epochs 15 --no-pictures -o lstm");
    expect_fine(run);
    expect_from("two poems by an LSTM: characters right, %", number_after(run.out, "train accuracy: "), 60);
    run = dotgrad("train " EXAMPLES "char-transformer.dot --epochs 25 --no-pictures -o transformer");
    expect_fine(run);
    expect_from("two poems by a transformer: characters right, %", number_after(run.out, "train accuracy: "), 85);
    run = dotgrad("generate transformer --prompt 'The Walrus ' --length 200 --temperature 0");
    expect_fine(run);
    cr_expect(strstr(run.out, "and the Carpenter") || strstr(run.out, "did beseech") || strstr(run.out, "said,"), "%s",
              run.out);
}

Test(sequences, a_transformer_reads_digits_row_by_row)
{
    outcome run = dotgrad("train " EXAMPLES "transformer-digits.dot --epochs 20 --no-pictures -o run");
    expect_fine(run);
    expect_from("digits by a transformer: test accuracy, %", number_after(run.out, "test accuracy: "), 93);
}
