using Mayfly;
using Mayfly.Cli;

try
{
    return await Tool.RunAsync(args, Console.Out);
}
catch (Exception e) when (HostRefusal.Explain(e) is { } failure)
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
