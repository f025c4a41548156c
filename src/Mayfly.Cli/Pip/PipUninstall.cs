using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Pip;

/// <summary><c>pip uninstall</c>: what is named goes, and nothing else.</summary>
internal static class PipUninstall
{
    public static async Task<int> RunAsync(PipArguments arguments, VirtualEnvironment environment, Store store, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        List<string> names = [];
        var access = PythonRequirements.AccessOf(PipConfiguration.OfHost(environment.Root, arguments.Command).Options.And(new RequirementsFile { Access = arguments.Access }));
        foreach (var text in arguments.Words.Concat(arguments.All("--requirement").SelectMany(file => PipInstall.ReadFile(file, access).Entries.Select(static entry => entry.Text))))
        {
            if (PipDistribution.NameOf(text) is { Length: > 0 } name && !names.Exists(other => ProjectName.Parse(other) == ProjectName.Parse(name)))
                names.Add(name);
        }

        if (names is [])
            throw new PipFailure("You must give at least one requirement to uninstall (see \"pip help uninstall\")");
        var all = PipDistribution.All(environment);
        var isAllowed = arguments.Has("--yes");
        // All at once, so that a kill leaves all of them or none.
        if (isAllowed)
            await RemoveAsync([.. names.Select(name => PipListing.Find(all, name)).OfType<PipDistribution>()]);
        foreach (var name in names)
        {
            if (PipListing.Find(all, name) is not { } one)
            {
                error.WriteLine($"WARNING: Skipping {name} as it is not installed.");
                continue;
            }

            output.WriteLine($"Found existing installation: {one.Name} {one.Version}\nUninstalling {one.Name}-{one.Version}:");
            if (!isAllowed && !Allowed(one, environment, output))
                continue;
            if (!isAllowed)
                await RemoveAsync([one]);
            output.WriteLine($"  Successfully uninstalled {one.Name}-{one.Version}");
        }

        return ExitCode.Done;

        // What somebody else has taken out or replaced meanwhile is not what was found, and is left alone.
        Task RemoveAsync(PipDistribution[] these) => these is [] ? Task.CompletedTask : environment.AloneAsync(async () =>
        {
            using var held = store.LockShared(new Terminal.PlainProgress(Console.Error), cancellationToken);
            var found = these.Select(static one => one.Installed.Information).ToHashSet();
            await new EnvironmentPlan { Remove = [.. environment.Installed().Where(one => found.Contains(one.Information))] }.RunAsync(store, environment, cancellationToken: cancellationToken);
            return true;
        }, new Terminal.PlainProgress(Console.Error), cancellationToken);
    }

    private static bool Allowed(PipDistribution one, VirtualEnvironment environment, TextWriter output)
    {
        output.WriteLine("  Would remove:");
        var files = one.Installed.Files.Select(file => Path.GetFullPath($"{environment.PackagesFolder}/{file}")).ToArray();
        // Folders of packages stand for their files.
        foreach (var line in files.Select(file => file.StartsWith($"{environment.PackagesFolder}/", StringComparison.Ordinal) && file[(environment.PackagesFolder.Length + 1)..].Split('/') is [var folder, _, ..] && folder != "__pycache__"
            ? $"{environment.PackagesFolder}/{folder}/*" : file).Where(static line => !line.Contains("/__pycache__/", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal))
            output.WriteLine($"    {line}");
        while (true)
        {
            output.Write("Proceed (Y/n)? ");
            output.Flush();
            switch (Console.In.ReadLine()?.Trim().ToLowerInvariant())
            {
                case "y" or "":
                    return true;
                case "n":
                    return false;
                case null:
                    throw new PipFailure("nobody answers; say -y to uninstall without being asked");
                case var other:
                    output.WriteLine($"Your response ('{other}') was not one of the expected responses: y, n, ");
                    break;
            }
        }
    }
}
