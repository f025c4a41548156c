using System.Diagnostics;
using Mayfly.Images;
using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tools;

namespace Mayfly.Machines.Tests.Local;

/// <summary>A store, a run folder and a stack of their own for each test, over one small Debian image that is made once.</summary>
public sealed class LocalHost : IAsyncDisposable
{
    private static readonly Lazy<(string Layer, RuntimePrograms Programs)> Prepared = new(() => PrepareAsync().GetAwaiter().GetResult());
    private static int _count;

    /// <summary>
    /// These tests run on a second kernel beside this host's (test/cgroup2/run), which has neither a network nor rules for one: what an
    /// earlier run on the host has left is what they run on, and a program that does nothing stands for the one that sets rules.
    /// </summary>
    public static readonly bool OnSecondKernel = Environment.GetEnvironmentVariable("MAYFLY_TESTS_SECOND_KERNEL") is not null;

    public LocalHost()
    {
        Stack = $"t{Environment.ProcessId}x{Interlocked.Increment(ref _count)}";
        Root = Path.Combine(OnSecondKernel ? Path.GetTempPath() : "/var/tmp", "mayfly-" + Stack);
        RunFolder = Path.Combine("/run", "mf-" + Stack);
        Directory.CreateDirectory(RunFolder);
        Store = Store.Open(Path.Combine(Root, "store"));
        Directory.CreateSymbolicLink(Store.PathOf(StoreArea.Layers, "base"), Prepared.Value.Layer);
        Programs = Prepared.Value.Programs;
        Runtime = NewRuntime();
        Network = new Network(Store, Programs, RunFolder);
        Volumes = new Volumes(Store, RunFolder);
    }

    /// <summary>The tree that instances are made from.</summary>
    public static string BaseTree => Path.Combine(Prepared.Value.Layer, "tree");

    public string Stack { get; }

    public string Root { get; }

    public string RunFolder { get; }

    public Store Store { get; }

    public RuntimePrograms Programs { get; }

    public Runtime Runtime { get; }

    public Network Network { get; }

    public Volumes Volumes { get; }

    /// <summary>As another process would have it: with no memory of what this one did.</summary>
    public Runtime NewRuntime() => new(Store, Programs, RunFolder);

    public InstanceSpec Spec(string component, params string[] command) => new()
    {
        Stack = Stack,
        Component = component,
        Replica = 1,
        Machine = "box",
        Key = "k",
        Image = "sha256:0",
        Layers = ["base"],
        Command = command,
        User = "nobody",
    };

    public InstanceLabel Label(InstanceSpec spec, MachineSpec? machine = null, string view = Volumes.Live) => new()
    {
        Id = $"{spec.Stack}-{spec.Component}-{spec.Replica}-{Interlocked.Increment(ref _count)}",
        Spec = spec,
        Machine = machine ?? new MachineSpec("box"),
        View = view,
        Address = Network.AllocateAddress(spec.Stack),
    };

    public Task<RunningInstance> StartAsync(InstanceSpec spec, MachineSpec? machine = null) => Runtime.StartAsync(Label(spec, machine), CancellationToken.None);

    /// <summary>Runs a shell script as an instance to its end: its exit code and what it printed.</summary>
    public async Task<(int Code, string Output)> RunAsync(Func<InstanceSpec, InstanceSpec> change, string script, MachineSpec? machine = null)
    {
        var instance = await StartAsync(change(Spec("run", "/bin/sh", "-c", script)), machine);
        var exit = await Runtime.WaitAsync(instance.Id, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        var output = await OutputAsync(instance.Id);
        await Runtime.DeleteAsync(instance.Id, CancellationToken.None, log: true);
        return (exit.Code, output);
    }

    public Task<(int Code, string Output)> RunAsync(string script) => RunAsync(spec => spec, script);

    public async Task<string> OutputAsync(string id)
    {
        List<string> lines = [];
        await foreach (var line in InstanceLog.ReadAsync(InstanceLog.PathOf(Store, Stack, id), "x", null, follow: false, CancellationToken.None))
            lines.Add(line.Text);
        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        await Leftovers.RemoveAsync(Runtime, Network, Volumes, Stack, CancellationToken.None);
        Directory.Delete(Root, recursive: true);
        Directory.Delete(RunFolder, recursive: true);
    }

    public static string Sh(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Trim();
    }

    /// <summary>By the product's own means, as a host without dpkg and crun needs it; a store that is kept makes the next run quick.</summary>
    private static async Task<(string Layer, RuntimePrograms Programs)> PrepareAsync()
    {
        var store = Store.Open("/var/cache/mayfly-tests/store");
        using var held = store.LockShared();
        if (OnSecondKernel)
        {
            var found = ToolSet.FindNewest(store) ?? throw new InvalidOperationException("the tests have not been run on this host yet");
            return (store.PathOf(StoreArea.Layers, Assert.Single(new ImageStore(store).Get("base").Layers).Key), new RuntimePrograms(found.Crun, found.Conmon, "/bin/true"));
        }

        var sources = DebianSources.Discover("bookworm", HostArchitecture.Name);
        var made = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), [new SetRequest(SetRequest.Base, []), ToolSet.Request]);
        await Fetch.AllAsync(store, sources, made.Packages);
        var tools = await ToolSet.EnsureAsync(store, made);
        var image = await new ImageBuilder(store).BuildAsync(made, new ImageRecipe { Name = "base" });
        return (store.PathOf(StoreArea.Layers, Assert.Single(image.Layers).Key), new RuntimePrograms(tools.Crun, tools.Conmon, tools.Nft));
    }
}
