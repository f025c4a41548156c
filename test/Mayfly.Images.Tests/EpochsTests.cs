using Mayfly.Images.Layers;

namespace Mayfly.Images.Tests;

public sealed class EpochsTests
{
    private const long Day = 86400;

    /// <summary>With one date it is the latest; with two, what was written on any day since the first has the last.</summary>
    [Theory]
    [InlineData(10, 10, 9, 9)]
    [InlineData(10, 10, 11, 10)]
    [InlineData(10, 20, 10, 10)]
    [InlineData(10, 20, 11, 20)]
    [InlineData(10, 20, 30, 20)]
    public void What_is_later_than_the_first_date_has_the_last(long first, long last, long time, long limited)
    {
        Assert.Equal(limited, new Epochs(first, last).Limit(time));
        Assert.Equal(limited, new Epochs((first * Day) + 5, (last * Day) + 5).LimitDay(time));
    }
}
