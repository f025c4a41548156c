using System.Globalization;

namespace Mayfly.Benchmarks;

internal enum Unit
{
    Seconds,
    Megabytes,
}

/// <summary>A number and what it counts.</summary>
internal sealed record Amount(double Value, Unit Unit)
{
    public override string ToString() => Unit switch
    {
        Unit.Megabytes => string.Create(CultureInfo.InvariantCulture, $"{Value:0} MB"),
        _ when Value < 0.9995 => string.Create(CultureInfo.InvariantCulture, $"{Value * 1000:0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Value:0.0} s"),
    };
}

/// <summary>Several readings of one thing.</summary>
internal sealed record Spread(Amount Median, Amount Least, Amount Most)
{
    public static Spread Of(Unit unit, params IReadOnlyList<double> readings)
    {
        double[] sorted = [.. readings.Order()];
        var middle = sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        return new Spread(new Amount(middle, unit), new Amount(sorted[0], unit), new Amount(sorted[^1], unit));
    }

    public override string ToString() => Least == Most ? $"{Median}" : $"{Median} ({Least} to {Most})";
}
