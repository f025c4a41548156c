namespace Mayfly.Images.Layers;

/// <summary>The dates of a layer, in seconds since 1970: what is later than the first of them has the last.</summary>
/// <remarks>
/// What a build writes has the time of that day, and an image must not. In a layer that was made in one go everything later than its date gets that date. But a build may go on
/// over batches that were configured on an earlier day, when their lock had an earlier date; and a script may change the owner of what lies in a layer below, which keeps the time
/// of the day when that was made. Made from nothing, on a later day, the same names would have later times. So it cannot be the last date that
/// divides what was written from what came with its time: it is the earliest that any of it was dated with, before which nobody can have built it.
/// </remarks>
/// <param name="First">The earliest date of its stages, and of the layers below.</param>
/// <param name="Last">The date of the lock that its last stage was first in; nothing in it is later.</param>
internal readonly record struct Epochs(long First, long Last)
{
    /// <summary>The time that something of this time gets.</summary>
    public long Limit(long time) => time > First ? Last : Math.Max(time, 0);

    /// <summary>The same for a number of days since 1970.</summary>
    public long LimitDay(long day) => day > First / SecondsADay ? Last / SecondsADay : day;

    private const long SecondsADay = 86400;

    /// <summary>One date alone.</summary>
    public static implicit operator Epochs(long epoch) => new(epoch, epoch);
}
