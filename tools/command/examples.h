/* The examples that the command carries: EXAMPLE(symbol, graph file, a further file or "", output, summary) and the
 * further files, FURTHER(symbol, file). Names are those of files in tools/examples. The graph's first comment tells
 * what it shows; `output` has commands, the first of them without quotes, and what they print:
 * tests/tools/transcripts.c runs them. */
EXAMPLE(perceptron_and, "perceptron-and.dot", "", "output/perceptron-and.txt",
        "a McCulloch-Pitts neuron that is the AND gate")
EXAMPLE(perceptron_or, "perceptron-or.dot", "", "output/perceptron-or.txt", "the same as OR")
EXAMPLE(perceptron_rule, "perceptron-rule.dot", "", "output/perceptron-rule.txt",
        "Rosenblatt's rule learns AND, and never XOR")
EXAMPLE(perceptron_iris, "perceptron-iris.dot", "", "output/perceptron-iris.txt",
        "Rosenblatt's rule tells iris setosa from the others")
EXAMPLE(xor, "xor.dot", "", "output/xor.txt", "exclusive or, by one hidden layer")
EXAMPLE(stacked_linear, "stacked-linear.dot", "", "output/stacked-linear.txt", "two linear layers are one")
EXAMPLE(worked, "worked-2-2-2.dot", "", "output/worked-2-2-2.txt", "backpropagation worked through with numbers")
EXAMPLE(saturated_sigmoid, "saturated-sigmoid.dot", "", "output/saturated-sigmoid.txt",
        "quadratic cost against cross-entropy, in one plot")
EXAMPLE(line, "line.dot", "", "output/line.txt", "batch, stochastic and mini-batch descent")
EXAMPLE(valley, "valley.dot", "", "output/valley.txt", "optimisers on Rosenbrock's valley")
EXAMPLE(vanishing_gradient, "vanishing-gradient.dot", "", "output/vanishing-gradient.txt",
        "the gradient at the first of many layers")
EXAMPLE(watch_depth, "watch-depth.dot", "", "output/watch-depth.txt",
        "vanishing gradients and dead units, watched in training")
EXAMPLE(hopfield, "hopfield.dot", "", "output/hopfield.txt", "associative memory by Hebb, Storkey, pseudo-inverse")
EXAMPLE(hopfield_modern, "hopfield-modern.dot", "", "output/hopfield-modern.txt", "associative memory by attention")
EXAMPLE(custom_activation, "custom-activation.dot", "", "output/custom-activation.txt",
        "an activation function of one's own")
EXAMPLE(logistic_iris, "logistic-iris.dot", "", "output/logistic-iris.txt", "logistic regression on iris")
EXAMPLE(rbf_digits, "rbf-digits.dot", "", "output/rbf-digits.txt", "radial basis functions read digits")
EXAMPLE(rbf_digits_solved, "rbf-digits-solved.dot", "", "output/rbf-digits-solved.txt",
        "the same without a gradient: k-means and ridge regression")
EXAMPLE(franke, "franke.dot", "franke.csv", "output/franke.txt", "interpolation of scattered data: Franke's surface")
FURTHER(franke_points, "franke.csv")
EXAMPLE(grnn_sinc, "grnn-sinc.dot", "", "output/grnn-sinc.txt", "general regression (GRNN) smooths sin(x)/x")
EXAMPLE(residual_digits, "residual-digits.dot", "", "output/residual-digits.txt", "a residual network reads digits")
EXAMPLE(scan_rnn, "scan-rnn.dot", "scan-cell.dot", "output/scan-rnn.txt",
        "a recurrent cell, scanned along the rows of digits")
FURTHER(scan_cell, "scan-cell.dot")
EXAMPLE(autoencoder, "autoencoder-digits.dot", "", "output/autoencoder-digits.txt",
        "an autoencoder squeezes digits through eight numbers")
EXAMPLE(vae, "vae-digits.dot", "", "output/vae-digits.txt", "a variational autoencoder of digits")
EXAMPLE(siamese, "siamese-digits.dot", "", "output/siamese-digits.txt",
        "a Siamese network tells pairs of the same digit")
EXAMPLE(unet, "unet-digits.dot", "", "output/unet-digits.txt", "a small U-Net takes noise off digits")
EXAMPLE(kan, "kan-sinc.dot", "", "output/kan-sinc.txt", "a Kolmogorov-Arnold network fits sin(x)/x")
EXAMPLE(adding, "adding-lstm.dot", "", "output/adding-lstm.txt", "the adding problem: what an LSTM remembers")
EXAMPLE(copying, "copying-gru.dot", "", "output/copying-gru.txt", "the copying problem, by a GRU")
EXAMPLE(transformer, "transformer-digits.dot", "", "output/transformer-digits.txt",
        "a small transformer reads digits row by row")
EXAMPLE(char_lstm, "char-lstm.dot", "looking-glass.txt", "output/char-lstm.txt",
        "an LSTM learns to write; `generate` lets it")
EXAMPLE(char_transformer, "char-transformer.dot", "looking-glass.txt", "output/char-transformer.txt",
        "the same by attention")
FURTHER(looking_glass, "looking-glass.txt")
EXAMPLE(gan_ring, "gan-ring.dot", "", "output/gan-ring.txt", "a GAN learns eight modes on a circle")
EXAMPLE(gan_grid, "gan-grid.dot", "", "output/gan-grid.txt", "a GAN learns 25 modes on a grid")
EXAMPLE(wgan_ring, "wgan-gp-ring.dot", "", "output/wgan-gp-ring.txt", "a Wasserstein GAN with gradient penalty")
EXAMPLE(mlp_fashion, "mlp-fashion-mnist.dot", "", "output/mlp-fashion-mnist.txt",
        "a perceptron of two layers on Fashion-MNIST")
EXAMPLE(cnn_fashion, "cnn-fashion-mnist.dot", "", "output/cnn-fashion-mnist.txt",
        "a convolutional network of 16 and 32 channels")
EXAMPLE(lenet_fashion, "lenet-fashion-mnist.dot", "", "output/lenet-fashion-mnist.txt", "LeNet-5")
EXAMPLE(ode, "ode.dot", "", "output/ode.txt", "a differential equation, solved by a network")
