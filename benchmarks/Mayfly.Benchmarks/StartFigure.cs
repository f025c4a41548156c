using Mayfly.Docker;
using Mayfly.Images;
using Mayfly.Machines;
using Mayfly.Machines.Local;
using Mayfly.Packages.Tools;

namespace Mayfly.Benchmarks;

/// <summary>From an image that is there to a first command done, and nothing of its instance left.</summary>
internal sealed class StartFigure : Figure
{
    private const string Stack = "measured", Image = "measured:latest";

    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    private static readonly string[] Command = ["/bin/true"];

    private static readonly Line Crun = new("instance made and /bin/true done in it", "crun run, no network", Most: 1.5);
    private static readonly Line Removed = new("until nothing is left of the instance", "crun run, no network");
    private static readonly Line Docker = new("instance made and /bin/true done in it", "docker run --rm", Most: 0.5);

    public override string Name => "start";

    public override string Title => "an instance, from its image to its first command done";

    public override IReadOnlyList<Line> Lines => [Crun, Removed, Docker];

    public override IReadOnlyList<Need> Needs => [new("crun", "crun"), new("unshare", "util-linux")];

    public override int Rounds => 60;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        var store = workshop.Store;
        var image = await new ImageBuilder(store).BuildAsync(workshop.Lock, new ImageRecipe { Name = Stack }, cancellationToken: cancellationToken);
        var tools = await ToolSet.EnsureAsync(store, workshop.Lock, cancellationToken: cancellationToken);
        await using var provider = new LocalProvider(store, new RuntimePrograms(tools.Crun, tools.Conmon, tools.Nft));
        using var bare = await BareCrun.PrepareAsync(workshop.PathFor("crun"), new ImageStore(store).LayerFolders(image), Command, cancellationToken);
        using var docker = await LoadedAsync(workshop, image, cancellationToken);
        var instance = new InstanceSpec
        {
            Stack = Stack,
            Component = "shell",
            Replica = 1,
            Machine = "box",
            Key = "measured",
            Image = image.Digest,
            Layers = [.. image.Layers.Select(layer => layer.Key)],
            Command = Command,
        };
        Contestant[] contestants =
        [
            new(RunAsync),
            new(async () =>
            {
                await RunAsync();
                while (Directory.EnumerateDirectories(Path.Combine(Runtime.DefaultRunFolder, "instances"), Stack + "-*").Any())
                    await Task.Delay(1, cancellationToken);
            }),
            new(() => Task.Run(() => Succeeded(bare.Run()), cancellationToken)),
            .. docker is null ? [] : (Contestant[])[new(() => docker.RunAsync(["run", "--rm", Image, .. Command], cancellationToken))],
        ];
        // The kernel takes namespaces and control groups apart in the background, and is quicker at what it did just before:
        // nobody shall pay for the one before, or gain from it.
        contestants = [.. contestants.Select(contestant => contestant with { Before = () => Task.Delay(Settling, cancellationToken) })];
        try
        {
            var series = await Alternation.RunAsync(workshop.WorkFolder, rounds, 15, cancellationToken, contestants);
            return new Findings(
                [
                    new(Crun, series[0].Time, series[2].Time), new(Removed, series[1].Time, series[2].Time),
                    docker is null ? Finding.Lacking(Docker, Lacking()) : new(Docker, series[0].Time, series[3].Time),
                ],
                [
                    "floor: crun run itself; Mayfly's and Docker's instances also get a network of their own with an address on a bridge, a monitor, a log and a writable layer of their own, crun's get none of these",
                    "Mayfly answers when the command has ended and removes the instance then, crun and Docker remove it first",
                ]);
        }
        finally
        {
            await provider.RemoveAsync(Stack, volumes: true, CancellationToken.None);
        }

        async Task RunAsync() => Succeeded((await provider.RunAsync(instance, new MachineSpec("box"), "live", cancellationToken)).ExitCode);
    }

    private static void Succeeded(int code)
    {
        if (code != 0)
            throw new MayflyException($"{Command[0]} ended with code {code}");
    }

    private static string Lacking() => $"not measured, no {string.Join(", ", PrivateDocker.Programs.Where(program => Outside.Find(program) is null))} here";

    /// <summary>Docker with the image in it, read from the archive that Mayfly exports; null when this machine has no Docker.</summary>
    private static async Task<PrivateDocker?> LoadedAsync(Workshop workshop, Image image, CancellationToken cancellationToken)
    {
        if (PrivateDocker.Programs.Any(program => Outside.Find(program) is null))
            return null;
        var archive = workshop.PathFor("image.tar");
        await new ImageExport(workshop.Store).WriteOciArchiveAsync(image, archive, new ImageConfiguration { Command = Command }, cancellationToken: cancellationToken);
        var docker = await PrivateDocker.StartAsync(workshop.PathFor("docker"), cancellationToken);
        await docker.RunAsync(["load", "--input", archive], cancellationToken);
        return docker;
    }
}
