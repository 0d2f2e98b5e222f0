/* The ready tasks that the command carries: TASK(symbol, name, file in tools/examples, by name only,
 * what it is). Each has the settings act and lr, and validation data. */
TASK(mlp_digits, "mlp-digits", "tasks/mlp-digits.dot", false, "handwritten digits by two hidden layers")
TASK(deep_mlp_digits, "deep-mlp-digits", "tasks/deep-mlp-digits.dot", false,
     "the same by 20 layers without normalisation or shortcuts")
TASK(cnn_digits, "cnn-digits", "tasks/cnn-digits.dot", false, "the same by a small convolutional network")
TASK(autoencoder_digits, "autoencoder-digits", "tasks/autoencoder-digits.dot", false,
     "digits through a bottleneck of eight numbers and back")
TASK(transformer_digits, "transformer-digits", "tasks/transformer-digits.dot", false,
     "digits row by row by a small transformer")
TASK(mlp_spirals, "mlp-spirals", "tasks/mlp-spirals.dot", false, "two entwined spirals")
TASK(mlp_sinc, "mlp-sinc", "tasks/mlp-sinc.dot", false, "sin(x)/x from noisy points")
TASK(cnn_fashion_mnist, "cnn-fashion-mnist", "tasks/cnn-fashion-mnist.dot", true,
     "pictures of clothes by a convolutional network (hours; by name only)")
