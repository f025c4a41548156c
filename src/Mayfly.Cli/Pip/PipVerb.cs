using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Pip;

/// <summary><c>mayfly pip --env ROOT …</c>: what the program <c>pip</c> of an environment is given; not for people to type.</summary>
/// <remarks>Words, options, output and exit codes are pip's. What is not answered here is pip's own business, and it does it.</remarks>
internal static class PipVerb
{
    public static async Task<int> RunAsync(string[] typed, TextWriter output, TextWriter error)
    {
        if (typed is not ["--env", var root, .. var rest])
            throw new UsageException("mayfly pip is for the program pip of an environment", "type pip in an environment (workon NAME), or see mayfly env --help");
        var store = Store.Open();
        var arguments = PipArguments.TryRead(rest);
        // What only looks needs no interpreter.
        var environment = arguments?.Command is "list" or "freeze" or "show" ? VirtualEnvironment.Read(root, store) : VirtualEnvironment.Open(root, store);
        if (arguments is null || !arguments.TryAdd(PipConfiguration.OfHost(environment.Root, arguments.Command)) || IsForPip(arguments, environment))
            return await RealPip.RunAsync(environment, store, rest);
        var told = arguments.Has("--quiet") ? TextWriter.Null : output;
        return await Interruption.RunAsync(AnswerAsync, () => error.WriteLine("ERROR: Operation cancelled by user"));

        async Task<int> AnswerAsync(CancellationToken cancellationToken)
        {
            try
            {
                // What only looks takes nothing out of the store; and who is asked whether something may go, may be out for lunch.
                using var held = arguments.Command is "install" or "download" ? store.LockShared(new Terminal.PlainProgress(Console.Error), cancellationToken) : null;
                return arguments.Command switch
                {
                    "list" => PipListing.List(arguments, environment, told, error),
                    "freeze" => PipListing.Freeze(arguments, environment, output),
                    "show" => PipListing.Show(arguments, environment, told, error),
                    "uninstall" => await PipUninstall.RunAsync(arguments, environment, store, told, error, cancellationToken),
                    "download" => await PipInstall.DownloadAsync(arguments, environment, store, told, cancellationToken),
                    _ => await PipInstall.RunAsync(arguments, environment, store, told, error, cancellationToken),
                };
            }
            catch (PipFailure failure)
            {
                foreach (var line in failure.Lines)
                    error.WriteLine($"ERROR: {line}");
                return Failed(failure.Hint);
            }
            catch (MayflyException e)
            {
                error.WriteLine($"ERROR: {e.Message}");
                return Failed(e.Hint);
            }
        }

        int Failed(string? hint)
        {
            if (hint is not null)
                error.WriteLine($"hint: {hint}");
            return ExitCode.Failed;
        }
    }

    /// <summary>Where more is installed than what has records in the environment, the interpreter's own packages or what setuptools put there, pip knows the rules of that.</summary>
    private static bool IsForPip(PipArguments arguments, VirtualEnvironment environment) => environment.SeesSystemPackages
        || (arguments.Command is "install" or "download" && PipInstall.IsForPip(arguments))
        || (arguments.Command is "install" or "uninstall" && environment.Installed().Any(static one => one.IsLegacy));
}
