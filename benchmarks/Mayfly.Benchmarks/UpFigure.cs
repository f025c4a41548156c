namespace Mayfly.Benchmarks;

/// <summary>What <c>mayfly up</c> takes on the shop that is live: with nothing to do, and after an edit.</summary>
internal sealed class UpFigure : Figure
{
    private const string Least = "a .NET program that does nothing";

    private static readonly Line Nothing = new("up with nothing to do", Least, Limit: new Amount(1, Unit.Seconds));
    private static readonly Line Edited = new("up after an edit of a template, until a served page shows it", "up with nothing to do", Limit: new Amount(3, Unit.Seconds));

    public override string Name => "up";

    public override string Title => "mayfly up on the shop, live";

    public override IReadOnlyList<Line> Lines => [Nothing, Edited];

    public override int Rounds => 15;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        await using var shop = await LiveShop.UpAsync(workshop, cancellationToken);
        string[] least = [Environment.ProcessPath!, "nothing"];
        var series = await Alternation.RunAsync(workshop.WorkFolder, rounds, 2, cancellationToken,
            new(() => Outside.RunAsync(least, cancellationToken)),
            new(() => shop.EditedAsync(cancellationToken))
            {
                Before = () =>
                {
                    shop.Edit();
                    return Task.CompletedTask;
                },
            },
            // What the edit replaced serves its last clients for some seconds more, and is no part of this.
            new(() => shop.UpAsync(cancellationToken)) { Before = () => Task.Delay(TimeSpan.FromSeconds(7), cancellationToken) });
        var (nothing, edited, idle) = (series[0], series[1], series[2]);
        return new Findings(
            [new(Nothing, idle.Time, nothing.Time), new(Edited, edited.Time, idle.Time)],
            ["floor: .NET's own start; the script is compiled, and ./mayfly looks each time whether it or the tool's own sources changed"]);
    }
}
