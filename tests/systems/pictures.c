/* Networks on pictures, at reduced size: what squeezes, samples, compares and cleans digits; functions on edges. */
#include "found.h"

TestSuite(pictures, .init = make_folder, .fini = remove_folder);

static outcome train(const char *example, const char *options)
{
    outcome run = dotgrad("train " EXAMPLES "%s.dot %s --no-pictures -o run", example, options);
    expect_fine(run);
    return run;
}

/* The best eight linear numbers (principal components, NumPy) leave 0.0221 of the pixels' mean square on all rows. */
Test(pictures, an_autoencoder_says_more_with_eight_numbers_than_eight_components)
{
    outcome run = train("autoencoder-digits", "");
    expect_to("autoencoder: mean square error of the test pixels", number_after(run.out, "test loss: "), 0.0221);
}

/* Without a code the pixels' cross-entropy is that of their means, 25.7 a picture. */
Test(pictures, a_variational_autoencoder_keeps_its_bound)
{
    outcome run = train("vae-digits", "");
    expect_to("VAE: bound of the test pictures", number_after(run.out, "test loss: "), 24.5);
    expect_from("VAE: divergence from N(0, 1), of a code that is used", number_after(run.out, "test kl: "), 1.5);
}

/* A tenth of the pairs are alike: who says never has 90 %. */
Test(pictures, a_siamese_network_knows_pairs_of_one_digit)
{
    outcome run = train("siamese-digits", "");
    expect_from("Siamese: part of the test pairs told right", number_after(run.out, "test right: "), 0.95);
}

/* The noise has the mean square 0.16. */
Test(pictures, a_unet_takes_noise_off)
{
    outcome run = train("unet-digits", "");
    expect("U-Net: mean square of the noise", number_after(run.out, "test before: "), 0.16, 0.01);
    expect_to("U-Net: what is left of it", number_after(run.out, "test loss: "), 0.04);
}

/* The variance of the target is 0.09. */
Test(pictures, functions_on_edges_fit_sinc)
{
    outcome run = train("kan-sinc", "");
    expect_to("KAN: mean square error on the test rows", number_after(run.out, "test loss: "), 0.01);
}

/* Ten epochs with FULL=1 (suite soak), else one. */
static void expect_clothes(const char *example, double after_one, double after_ten)
{
    char options[40], what[80];
    bool full = getenv("FULL") != NULL;
    snprintf(options, sizeof options, "--epochs %d", full ? 10 : 1);
    snprintf(what, sizeof what, "%s, %d epochs: test accuracy, %%", example, full ? 10 : 1);
    outcome run = train(example, options);
    expect_from(what, number_after(run.out, "test accuracy: "), full ? after_ten : after_one);
}

/* PyTorch 2, ten epochs: 90.9, and LeNet 89.2 with batches of 128 and one rate, where this one's falls. */
Test(pictures, convolutions_read_clothes)
{
    if (access("/usr/share/datasets/fashion-mnist", F_OK) != 0)
        cr_skip("the package dataset-fashion-mnist is not there");
    expect_clothes("cnn-fashion-mnist", 82, 90.5);
}

Test(pictures, lenet_reads_clothes)
{
    if (access("/usr/share/datasets/fashion-mnist", F_OK) != 0)
        cr_skip("the package dataset-fashion-mnist is not there");
    expect_clothes("lenet-fashion-mnist", 80, 90.5);
}

Test(pictures, a_residual_network_reads_digits)
{
    outcome run = train("residual-digits", "");
    expect_from("residual network: test accuracy, %", number_after(run.out, "test accuracy: "), 96);
}
