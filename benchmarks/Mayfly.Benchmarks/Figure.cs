namespace Mayfly.Benchmarks;

/// <summary>One question of how good Mayfly is: what it is called, what its table will hold, what it needs. Pure data but for <see cref="MeasureAsync"/>.</summary>
/// <remarks>
/// Why not BenchmarkDotNet: it measures methods in processes of its own making, thousands of times over. These figures are whole
/// programs that take seconds, change disks and networks, must be run by turns with another tool, and are worth nothing but beside it.
/// </remarks>
internal abstract class Figure
{
    /// <summary>The word on the command line and in the document.</summary>
    public abstract string Name { get; }

    public abstract string Title { get; }

    /// <summary>Every line of its table, in order.</summary>
    public abstract IReadOnlyList<Line> Lines { get; }

    public virtual IReadOnlyList<Need> Needs => [];

    /// <summary>How often each side is measured unless the command line says otherwise.</summary>
    public abstract int Rounds { get; }

    /// <summary>False when the launcher need not have built the tool before.</summary>
    public virtual bool RunsTheTool => true;

    /// <summary>The only place with effects.</summary>
    public abstract Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken);
}

/// <summary>A line of a table: what is measured, beside what, and what would be good.</summary>
/// <param name="Most">The highest ratio that is good, or null.</param>
/// <param name="Limit">The highest value that is good, in the unit of what is measured, or null.</param>
internal sealed record Line(string What, string Beside, double? Most = null, Amount? Limit = null);

/// <summary>A program of this machine's that a figure compares with.</summary>
/// <param name="Package">Debian's package that has it.</param>
internal sealed record Need(string Program, string Package);

/// <summary>What was found out.</summary>
/// <param name="Lines">One for each of the figure's.</param>
/// <param name="Notes">The floor, and what a reader of the numbers must know.</param>
internal sealed record Findings(IReadOnlyList<Finding> Lines, IReadOnlyList<string> Notes);

/// <summary>A line with its numbers, or with the reason why there are none.</summary>
internal sealed record Finding(Line Line, Spread? Ours, Spread? Theirs, string? Missing = null)
{
    public double? Ratio => Ours is not null && Theirs is not null ? Ours.Median.Value / Theirs.Median.Value : null;

    public bool? IsMet => Line switch
    {
        _ when Ours is null || (Line.Most is not null && Ratio is null) => null,
        { Most: null, Limit: null } => null,
        _ => (Line.Most is null || Ratio <= Line.Most) && (Line.Limit is null || Ours.Median.Value <= Line.Limit.Value),
    };

    public static Finding Lacking(Line line, string reason) => new(line, null, null, reason);
}
