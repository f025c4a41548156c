using Mayfly.Docker;

namespace Mayfly.Benchmarks;

/// <summary>Resident memory of what Mayfly keeps running on a host, beside what Docker does.</summary>
internal sealed class MemoryFigure : Figure
{
    private const int Edits = 10;
    private const string Beside = "dockerd and containerd, just started";

    private static readonly Amount Limit = new(80, Unit.Megabytes);
    private static readonly Line Up = new("the agent, the shop just brought live", Beside, Limit: Limit);
    private static readonly Line Edited = new($"the agent, after {Edits} edits brought live", Beside, Limit: Limit);

    public override string Name => "memory";

    public override string Title => "resident memory with the shop live";

    public override IReadOnlyList<Line> Lines => [Up, Edited];

    public override int Rounds => 1;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        var theirs = await DockerAsync(workshop, cancellationToken);
        List<double> up = [], edited = [];
        for (var round = 0; round < rounds; round++)
        {
            await using var shop = await LiveShop.UpAsync(workshop, cancellationToken);
            up.Add(Agent(workshop));
            for (var edit = 0; edit < Edits; edit++)
            {
                shop.Edit();
                await shop.EditedAsync(cancellationToken);
            }

            edited.Add(Agent(workshop));
        }

        return new Findings(
            [new(Up, Spread.Of(Unit.Megabytes, up), theirs), new(Edited, Spread.Of(Unit.Megabytes, edited), theirs)],
            [
                "the monitors are left out, one small program for each instance, as are Docker's shims",
                theirs is null ? $"no comparison: this machine lacks {string.Join(", ", PrivateDocker.Programs.Where(program => Outside.Find(program) is null))}" : "Docker holds no image and runs nothing",
            ]);
    }

    private static double Agent(Workshop workshop) => ThisMachine.ProcessesWith($"{workshop.Store.Root}/agents/").Where(process => ThisMachine.ProgramOf(process) == "dotnet").Sum(ThisMachine.ResidentMegabytes);

    private static async Task<Spread?> DockerAsync(Workshop workshop, CancellationToken cancellationToken)
    {
        if (PrivateDocker.Programs.Any(program => Outside.Find(program) is null))
            return null;
        using var docker = await PrivateDocker.StartAsync(workshop.PathFor("docker"), cancellationToken);
        var processes = docker.Processes();
        return processes.Count == 2 ? Spread.Of(Unit.Megabytes, processes.Sum(ThisMachine.ResidentMegabytes))
            : throw new MayflyException($"Docker runs {processes.Count} programs, not dockerd and containerd");
    }
}
