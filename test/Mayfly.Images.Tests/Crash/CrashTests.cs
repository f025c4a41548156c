using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Mayfly.Packages;

namespace Mayfly.Images.Tests.Crash;

/// <summary>
/// SIGKILL at hundreds of moments that a seed chooses: whatever was under way, the store is in order, nothing runs or is mounted, and
/// the next command makes the same image. <c>MAYFLY_CRASH_POINTS</c> and <c>MAYFLY_CRASH_SEED</c> make it longer or another one.
/// </summary>
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed partial class CrashTests : IDisposable
{
    private const int Kill = 9;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-crash-");
    private readonly Lazy<TinyDistribution> _made = new(static () => new TinyDistribution());
    private readonly ConcurrentDictionary<string, int> _phases = new();
    private readonly ConcurrentQueue<string> _broken = new();
    private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;
    private int _killed;
    private int _tried;

    /// <summary>Made by the test and not before: a machine that lacks its programs skips the test.</summary>
    private TinyDistribution Tiny => _made.Value;

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    [Fact]
    public async Task Killed_anywhere_the_store_is_in_order_and_the_next_build_makes_the_same_image()
    {
        var (points, seed) = (Given("MAYFLY_CRASH_POINTS", 540), Given("MAYFLY_CRASH_SEED", 20261125));
        var lockPath = Path.Combine(_folder.FullName, "stack.lock");
        LockFile.Write(lockPath, Tiny.Lock);
        // Undisturbed, and what is there after each part of the way.
        var model = Path.Combine(_folder.FullName, "model");
        using var first = CrashChild.Start(model, lockPath, Tiny.Mirror);
        var said = await first.StandardError.ReadToEndAsync();
        var digest = (await first.StandardOutput.ReadToEndAsync()).Trim();
        Assert.True(digest.StartsWith("sha256:", StringComparison.Ordinal), said);
        Assert.Equal("", said);
        Assert.Empty(StoreInvariants.Broken(model, atRest: true));

        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(worker => Task.Run(async () =>
        {
            var store = Path.Combine(_folder.FullName, $"store{worker}");
            for (int at; (at = Interlocked.Increment(ref next)) < points;)
                await TryAsync($"seed {seed} point {at}", KillPoint.Choose(new Random(unchecked(seed ^ (at * 7919)))), store, model, lockPath, digest);
        })));
        _output?.WriteLine($"{_killed} of {points} killed; left under way: {string.Join(", ", _phases.OrderBy(static phase => phase.Key).Select(static phase => $"{phase.Key} {phase.Value}"))}");
        // Its files are the same inodes as the stores' were.
        Assert.Empty(StoreInvariants.Broken(model, atRest: true));
        Assert.True(_broken.IsEmpty, string.Join('\n', _broken.Take(40)));
        // Whoever was late, or reached his event never, has tried nothing.
        Assert.True(_killed > points / 3, $"only {_killed} of {points} were killed");
        foreach (var phase in (string[])["fetch", "unpack", "layer"])
            Assert.True(_phases.GetValueOrDefault(phase) > points / 100, $"only {_phases.GetValueOrDefault(phase)} were killed while at '{phase}'");
    }

    /// <summary>Between the file's own rename and what is told beside it is a moment that hardly any point of time meets.</summary>
    [Fact]
    public async Task Killed_as_a_transfer_that_had_broken_off_becomes_an_artifact_nothing_stays_beside_it()
    {
        var (model, store, lockPath) = (Path.Combine(_folder.FullName, "model"), Path.Combine(_folder.FullName, "store"), Path.Combine(_folder.FullName, "stack.lock"));
        LockFile.Write(lockPath, Tiny.Lock);
        var digest = TinyDistribution.Build(Store.Open(model), Tiny.Lock, Tiny.Mirror).Digest;
        foreach (var call in (string[])["rename,renameat,renameat2", "unlink,unlinkat"])
            await TryAsync(call, new KillPoint(StartingStore.BrokenOff, null, call, 1, false), store, model, lockPath, digest);
        Assert.True(_broken.IsEmpty, string.Join('\n', _broken));
        Assert.Equal(2, _killed);
    }

    private async Task TryAsync(string name, KillPoint point, string store, string model, string lockPath, string digest)
    {
        Prepare(point.Start, store, model);
        string[] trace = point.Part is null ? ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", $"trace={point.Call}", "-e", $"inject={point.Call}:signal=KILL:when={point.Number}"] : [];
        var watch = Stopwatch.StartNew();
        using var child = CrashChild.Start(store, lockPath, Tiny.Mirror, trace);
        var (output, error) = (child.StandardOutput.ReadToEndAsync(), child.StandardError.ReadToEndAsync());
        if (point.Part is { } part)
        {
            await Task.WhenAny(child.WaitForExitAsync(), Task.Delay(_whole[(int)point.Start] * part));
            if (!child.HasExited)
                kill(point.Group ? -child.Id : child.Id, Kill);
        }

        await child.WaitForExitAsync();
        await Task.WhenAll(output, error);
        if (Interlocked.Increment(ref _tried) % 20 == 0)
            _output?.WriteLine($"{_tried} tried, {_killed} killed, {_broken.Count} sentences broken");
        if (child.ExitCode == 0)
            _whole[(int)point.Start] = ((_whole[(int)point.Start] * 3) + watch.Elapsed) / 4;
        else
            Interlocked.Increment(ref _killed);
        // A failure that it could still tell, because a program inside was the one that was killed, is told as any other.
        if (child.ExitCode == 1 && !(error.Result.StartsWith("error: ", StringComparison.Ordinal) && error.Result.Contains("\nhint: ", StringComparison.Ordinal)))
            Break($"{name}: {point}: ended with a trace:\n{error.Result}");
        // The kernel ends what it started. That takes a moment, and on a machine with much to do a long one.
        for (var tries = 0; tries < 2400 && StoreInvariants.Users(store).Any(); tries++)
            await Task.Delay(50);
        foreach (var phase in Directory.Exists($"{store}/tmp") ? Directory.EnumerateFileSystemEntries($"{store}/tmp").Select(PhaseOf).Distinct() : [])
            _phases.AddOrUpdate(phase, 1, static (_, count) => count + 1);
        Tell(StoreInvariants.Broken(store, atRest: false));
        try
        {
            var again = TinyDistribution.Build(Store.Open(store), Tiny.Lock, Tiny.Mirror);
            if (again.Digest != digest)
                Break($"{name}: {point}: the next build made {again.Digest} instead of {digest}");
        }
        catch (Exception e)
        {
            Break($"{name}: {point}: the next build failed: {e}");
            Directory.Delete(store, recursive: true);
            return;
        }

        Tell(StoreInvariants.Broken(store, atRest: true));

        void Tell(List<string> broken)
        {
            foreach (var sentence in broken)
                Break($"{name}: {point}: {sentence}");
        }
    }

    /// <summary>Told at once: a long run may be ended before its end.</summary>
    private void Break(string sentence)
    {
        _broken.Enqueue(sentence);
        _output?.WriteLine(sentence);
    }

    private readonly TimeSpan[] _whole = [.. Enumerable.Repeat(TimeSpan.FromSeconds(1.5), Enum.GetValues<StartingStore>().Length)];

    private static string PhaseOf(string path) => Path.GetFileName(path) is var name && name.StartsWith("partial-", StringComparison.Ordinal) ? "fetch" : name.StartsWith("turn-", StringComparison.Ordinal) ? "turn" : name.Split('-')[1];

    private static void Prepare(StartingStore start, string store, string model)
    {
        if (start == StartingStore.AsTheLastOneLeftIt && Directory.Exists(store))
        {
            // Whole as it is, there would be nothing to do: the layers above the base go.
            RemoveLayers(store, keepBase: true);
            return;
        }

        if (Directory.Exists(store))
            Directory.Delete(store, recursive: true);
        if (start is StartingStore.Empty or StartingStore.AsTheLastOneLeftIt)
            return;
        Directory.CreateDirectory(store);
        if (start == StartingStore.BrokenOff)
        {
            Directory.CreateDirectory($"{store}/tmp");
            foreach (var artifact in Directory.GetFiles($"{model}/artifacts"))
            {
                var partial = $"{store}/tmp/partial-{Path.GetFileName(artifact)}";
                File.WriteAllBytes(partial, File.ReadAllBytes(artifact)[..(int)(new FileInfo(artifact).Length / 2)]);
                File.WriteAllLines(partial + ".from", ["http://elsewhere.invalid/", "\"tag\"", ""]);
            }

            return;
        }

        foreach (var area in (string[])(start switch { StartingStore.Fetched => ["artifacts"], StartingStore.Unpacked => ["artifacts", "unpacked"], _ => ["artifacts", "unpacked", "layers"] }))
            ReferenceImage.Run("cp", "-al", $"{model}/{area}", store);
        RemoveLayers(store, keepBase: start == StartingStore.BaseBuilt);
    }

    private static void RemoveLayers(string store, bool keepBase)
    {
        foreach (var area in (string[])["layers", "images"])
        {
            if (!Directory.Exists($"{store}/{area}"))
                continue;
            foreach (var path in Directory.EnumerateFileSystemEntries($"{store}/{area}"))
            {
                if (!Directory.Exists(path))
                    File.Delete(path);
                else if (area == "images" || !keepBase || !File.ReadAllText($"{path}/layer.json").Contains("\"base ", StringComparison.Ordinal))
                    Directory.Delete(path, recursive: true);
            }
        }
    }

    public void Dispose()
    {
        if (_made.IsValueCreated)
            _made.Value.Dispose();
        _folder.Delete(recursive: true);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);
}
