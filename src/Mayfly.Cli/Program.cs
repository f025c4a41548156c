using Mayfly;
using Mayfly.Cli;

try
{
    return await Tool.RunAsync(args, Console.Out);
}
catch (MayflyException failure)
{
    Console.Error.WriteLine($"error: {failure.Message}");
    if (failure.Hint is { } hint)
        Console.Error.WriteLine($"hint: {hint}");
    return failure.ExitCode;
}
catch (OperationCanceledException)
{
    return ExitCode.Interrupted;
}
