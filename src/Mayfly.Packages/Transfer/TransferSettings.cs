using System.Globalization;

namespace Mayfly.Packages.Transfer;

/// <summary>How patient and how greedy transfers are.</summary>
public sealed record TransferSettings
{
    /// <summary>A connection that gives no byte for this long is given up.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Bytes a second that a place must give, over the time of <see cref="Stall"/>, to be kept while another one is left to ask; the last one may be as slow as it is.
    /// </summary>
    public double Slowest { get; init; } = 16_000;

    /// <summary>How often one place is tried when it fails in a way that may pass; attempts that got further do not count.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>The pause before the second attempt; each further one doubles it.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Transfers at the same time, which is also the number of connections to one host.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>True when nothing but this machine itself may be asked (<see cref="NoNetwork"/>).</summary>
    public bool Offline { get; init; }

    /// <summary>The usual ones, with the patience that <c>MAYFLY_STALL</c> names in seconds; offline when <c>MAYFLY_OFFLINE</c> says so.</summary>
    /// <exception cref="MayflyException">It names none.</exception>
    public static TransferSettings FromEnvironment() => Patient() with { Offline = NoNetwork.IsAsked };

    private static TransferSettings Patient()
    {
        const string Name = "MAYFLY_STALL";
        if (Environment.GetEnvironmentVariable(Name) is not { Length: > 0 } text)
            return new TransferSettings();
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 3600
            ? new TransferSettings { Stall = TimeSpan.FromSeconds(seconds) }
            : throw new MayflyException($"{Name} is '{text}', which is no number of seconds", "set it to how long a mirror may be silent, such as 20, or unset it");
    }
}
