using System.Diagnostics;
using Mayfly.Environments.Tests;
using Mayfly.Linux;

namespace Mayfly.Cli.Tests;

/// <summary>What goes on after a command that copied many files has ended: a copy for the next environment, in a process of its own that may be killed at any moment.</summary>
[Trait("needs", "oracle")]
public sealed class PreparingForTheNext : IDisposable
{
    private const int Modules = 1500;

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Tool => Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli");

    private string Prepared => $"{_folder.Path}/.store/prepared";

    private Dictionary<string, string?> Host => new(Invocation.WheelsAlone(_folder))
    {
        ["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : new FileInfo(Shell.Run("/", [], "command -v dotnet").Output.Trim()) is var dotnet && dotnet.ResolveLinkTarget(true) is { } target ? target.FullName : dotnet.FullName),
        ["MAYFLY_STORE"] = $"{_folder.Path}/.store",
        ["XDG_CACHE_HOME"] = $"{_folder.Path}/.cache",
        ["MAYFLY_PROPS"] = null,
    };

    [Fact]
    public async Task Every_use_prepares_the_next_unless_one_says_otherwise()
    {
        Offer();
        var no = new Dictionary<string, string?>(Host) { ["MAYFLY_PREPARE"] = "0" };
        Done(no, "env create first large --python /usr/bin/python3");
        await EndedAsync();
        Assert.Empty(Directory.GetDirectories(Prepared));

        // What was fetched just now is prepared too.
        Done(new Dictionary<string, string?>(Host) { ["MAYFLY_STORE"] = $"{_folder.Path}/.other" }, "env create second large --python /usr/bin/python3");
        await EndedAsync(".other");
        Assert.Single(Directory.GetDirectories($"{_folder.Path}/.other/prepared"));

        // By all ways that copy; links need none.
        Done(Host, "env create linked large --python /usr/bin/python3 --link-mode hardlink");
        await EndedAsync();
        Assert.Empty(Directory.GetDirectories(Prepared));
        foreach (var line in (string[])["env install large --env NAME", "env sync --env NAME", "pip --env $WORKON_HOME/NAME install large"])
        {
            var name = $"by-{line.Split(' ')[1].Trim('-')}";
            Done(Host, $"env create {name} --python /usr/bin/python3");
            if (line.Contains("sync", StringComparison.Ordinal))
                Done(Host, "env lock large --python /usr/bin/python3");
            Done(Host, line.Replace("NAME", name, StringComparison.Ordinal));
            await EndedAsync();
            var inode = Inode(Assert.Single(Directory.GetDirectories(Prepared)));
            Assert.NotEqual(inode, Inode($"{_folder.Path}/environments/{name}/lib/python3.11/site-packages/large"));
            Done(Host, $"env create {name}-next large --python /usr/bin/python3");
            Assert.Equal(inode, Inode($"{_folder.Path}/environments/{name}-next/lib/python3.11/site-packages/large"));
            Assert.Contains(" is as it should be: 1 package, ", Done(Host, $"env doctor --env {name}-next"), StringComparison.Ordinal);
            await EndedAsync();
            Assert.EndsWith("\nremoved 1 wheel's files that were prepared for the next environment\n", Done(Host, "prune"), StringComparison.Ordinal);
            Assert.Empty(Directory.GetDirectories(Prepared));
        }
    }

    /// <summary><c>MAYFLY_KILLS</c> kills it so many times; the moments are by a seed.</summary>
    [Fact]
    public async Task Killed_at_any_moment_it_leaves_all_of_a_copy_or_nothing()
    {
        var sha256 = Offer();
        Done(Host, "env create first large --python /usr/bin/python3");
        var (kills, random, typical) = (int.TryParse(Environment.GetEnvironmentVariable("MAYFLY_KILLS"), out var given) ? given : 12, new Random(20261127), Prepare(sha256, null));
        var killed = 0;
        for (var kill = 0; kill < kills; kill++)
        {
            Done(Host, "prune");
            killed += Prepare(sha256, random.NextDouble() * 1.1 * typical) < 0 ? 1 : 0;
            Assert.All(Directory.GetDirectories(Prepared), copy => Assert.Equal(Modules + 1, Directory.GetFiles(copy, "*", SearchOption.AllDirectories).Length));
        }

        Assert.True(killed > kills / 3, $"only {killed} of {kills} were killed");
        // Nothing of those is in the way.
        Assert.True(Prepare(sha256, null) > 0);
        Assert.Single(Directory.GetDirectories(Prepared));
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder.Path}/.store/tmp"));
        await EndedAsync();
    }

    private string Offer()
    {
        Directory.CreateDirectory($"{_folder.Path}/wheels");
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(WheelFile.Write($"{_folder.Path}/wheels", "large", "1.0",
            Enumerable.Range(0, Modules).ToDictionary(static number => $"large/p{number % 40}/m{number}.py", static number => $"x = '{new string('x', number % 100 * 50)}'\n").Append(new("large/__init__.py", "")).ToDictionary()))));
    }

    private string Done(Dictionary<string, string?> host, string line)
    {
        var (code, output, error) = Shell.Run(_folder.Path, host, $"{Tool} {line}");
        Assert.True(code == 0, output + error);
        return output;
    }

    /// <summary>The time it took, or -1 when it was killed before its end.</summary>
    private double Prepare(string sha256, double? after)
    {
        var start = new ProcessStartInfo(Tool, ["prepare-copies", sha256]);
        foreach (var (name, value) in Host)
            start.Environment[name] = value;
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        if (after is { } wait && !process.WaitForExit(TimeSpan.FromMilliseconds(wait)))
        {
            process.Kill();
            process.WaitForExit();
            return -1;
        }

        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    /// <summary>Until the process that nobody waits for has ended.</summary>
    private async Task EndedAsync(string store = ".store")
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (Directory.GetDirectories("/proc").Any(process => IsOurs(process)))
            await Task.Delay(20, patience.Token);

        bool IsOurs(string process)
        {
            try
            {
                return int.TryParse(Path.GetFileName(process), out _) && File.ReadAllText($"{process}/cmdline").Contains("\0prepare-copies\0", StringComparison.Ordinal) && File.ReadAllText($"{process}/environ").Contains($"MAYFLY_STORE={_folder.Path}/{store}", StringComparison.Ordinal);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    private static ulong Inode(string path) => Nodes.Read(path).Inode;
}
