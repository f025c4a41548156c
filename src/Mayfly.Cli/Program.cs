using Mayfly;
using Mayfly.Cli;

// A clone's launcher says which packages scripts are to be given; a release brings its own.
if (Environment.GetEnvironmentVariable("MAYFLY_PROPS") is null && Path.Combine(AppContext.BaseDirectory, "mayfly.props") is var versions && File.Exists(versions))
    Environment.SetEnvironmentVariable("MAYFLY_PROPS", versions);

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
