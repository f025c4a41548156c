using System.Diagnostics;
using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tools;

namespace Mayfly.Cli;

/// <summary>One thing that Mayfly needs of this machine.</summary>
/// <param name="Name">What is needed.</param>
/// <param name="Met">It is there.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do about it; null when met.</param>
/// <param name="Required">Without it no stack goes live here; otherwise it is a warning.</param>
internal sealed record Finding(string Name, bool Met, string Found, string? Remedy = null, bool Required = true);

/// <summary>Looks at this machine, and changes nothing but the store's own folders.</summary>
internal static class Diagnosis
{
    /// <summary>The shop's packages, unpacked packages and layers take some 2 GB; rebuilds need as much again.</summary>
    private const long RoomWanted = 5L << 30;

    public static async Task<IReadOnlyList<Finding>> MakeAsync(CancellationToken cancellationToken)
    {
        List<Finding> findings = [await SdkAsync(cancellationToken), Rights()];
        findings.AddRange(StoreAndRoom());
        findings.Add(Mirror());
        // As a user the list is one line long, and says what the finding on rights says.
        if (Environment.IsPrivilegedProcess)
        {
            var store = TryOpenStore();
            // The programs that set rules come with the first lock that is fetched; before that there is nothing to try them with.
            var programs = store is not null && ToolSet.FindNewest(store) is { } tools ? new RuntimePrograms(tools.Crun, tools.Conmon, tools.Nft) : null;
            findings.AddRange(HostRequirements.Check(store, programs).Where(requirement => requirement.Name != "superuser")
                .Select(requirement => new Finding(requirement.Name, requirement.Met, requirement.Found, requirement.Remedy, requirement.Required)));
        }

        return findings;
    }

    private static async Task<Finding> SdkAsync(CancellationToken cancellationToken)
    {
        const string Name = ".NET SDK", Remedy = "install the .NET 10 SDK (https://dot.net); scripts are compiled with it";
        var start = new ProcessStartInfo(Execution.Host, "--list-sdks") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        await error;
        string[] versions = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0])];
        var met = versions.Any(version => int.TryParse(version.Split('.')[0], out var major) && major >= 10);
        return new Finding(Name, met, versions is [] ? "none" : string.Join(", ", versions), met ? null : Remedy);
    }

    private static Finding Rights() => Environment.IsPrivilegedProcess
        ? new Finding("rights", true, "root")
        : new Finding("rights", false, "not root", "plan, lock, graph and new work; building images and running instances want root: use sudo", Required: false);

    private static Store? TryOpenStore()
    {
        try
        {
            return Store.Open();
        }
        catch (MayflyException)
        {
            // A finding of its own says so.
            return null;
        }
    }

    private static Finding Mirror()
    {
        try
        {
            var sources = DebianSources.Discover("bookworm", "amd64");
            return new Finding("Debian mirror", true, string.Join(", ", sources.Sources.SelectMany(source => source.Mirrors).Select(mirror => mirror.Host).Distinct()));
        }
        catch (MayflyException failure)
        {
            return new Finding("Debian mirror", false, failure.Message, failure.Hint);
        }
    }

    private static IEnumerable<Finding> StoreAndRoom()
    {
        Store store;
        try
        {
            store = Store.Open();
        }
        catch (MayflyException failure)
        {
            return [new Finding("store", false, failure.Message, failure.Hint)];
        }

        var room = new DriveInfo(store.Root).AvailableFreeSpace;
        var enough = room >= RoomWanted;
        return
        [
            new Finding("store", true, store.Root),
            new Finding("disk room", enough, $"{room / (double)(1 << 30):0.0} GiB free at the store",
                enough ? null : $"keep {RoomWanted >> 30} GiB free there, or set MAYFLY_STORE to a folder on a disk with more room", Required: false),
        ];
    }
}
