.section .symbols,"a",@progbits
.balign 8
.globl symbol_count, symbol_table, symbol_names
symbol_count: .long 1545, 0
symbol_table:
.long 0, 0
.long 0, 14
.long 8, 21
.long 24, 32
.long 120, 43
.long 120, 52
.long 144, 60
.long 150, 73
.long 189, 91
.long 440, 99
.long 487, 112
.long 555, 120
.long 568, 138
.long 791, 152
.long 812, 166
.long 886, 179
.long 1148, 193
.long 1155, 208
.long 1166, 226
.long 1255, 236
.long 1380, 251
.long 1447, 266
.long 1572, 280
.long 1622, 294
.long 1649, 304
.long 1651, 315
.long 1664, 325
.long 1677, 336
.long 1690, 351
.long 1703, 361
.long 1770, 377
.long 1831, 392
.long 1850, 407
.long 1879, 421
.long 2189, 438
.long 2418, 454
.long 2439, 465
.long 2460, 476
.long 2470, 489
.long 2510, 501
.long 2520, 512
.long 2554, 524
.long 6720, 535
.long 6800, 539
.long 6992, 544
.long 7280, 554
.long 7872, 563
.long 7920, 579
.long 8720, 589
.long 8832, 602
.long 8928, 620
.long 9024, 628
.long 9392, 641
.long 9536, 651
.long 9696, 668
.long 10064, 684
.long 10192, 700
.long 12576, 716
.long 13328, 732
.long 13408, 748
.long 13824, 764
.long 14128, 777
.long 14208, 786
.long 14352, 796
.long 15504, 810
.long 15536, 818
.long 15584, 827
.long 15664, 837
.long 15744, 852
.long 15840, 870
.long 15904, 886
.long 15952, 903
.long 15984, 919
.long 16144, 930
.long 16272, 941
.long 16432, 958
.long 16544, 968
.long 16736, 980
.long 17040, 991
.long 19328, 1007
.long 19344, 1017
.long 19360, 1031
.long 19392, 1040
.long 19472, 1048
.long 19664, 1055
.long 19792, 1064
.long 19872, 1077
.long 20016, 1097
.long 20064, 1115
.long 20144, 1131
.long 20304, 1147
.long 20320, 1159
.long 20416, 1166
.long 20432, 1179
.long 20448, 1196
.long 20464, 1212
.long 20480, 1227
.long 20512, 1244
.long 20608, 1259
.long 21552, 1270
.long 21632, 1285
.long 21840, 1303
.long 21872, 1319
.long 22112, 1337
.long 22464, 1355
.long 22624, 1369
.long 23520, 1382
.long 23616, 1397
.long 23632, 1415
.long 24624, 1437
.long 25248, 1459
.long 25280, 1473
.long 25408, 1496
.long 25440, 1512
.long 25648, 1532
.long 25696, 1549
.long 25728, 1569
.long 25808, 1592
.long 25840, 1609
.long 25968, 1631
.long 26112, 1646
.long 26288, 1656
.long 27760, 1672
.long 28592, 1688
.long 29366, 1704
.long 29520, 1725
.long 30448, 1741
.long 30624, 1757
.long 30720, 1776
.long 31152, 1788
.long 31168, 1800
.long 31248, 1811
.long 31392, 1824
.long 31504, 1847
.long 31664, 1859
.long 31776, 1880
.long 31856, 1903
.long 31888, 1912
.long 31984, 1921
.long 32320, 1932
.long 32448, 1947
.long 32976, 1958
.long 33184, 1967
.long 33344, 1981
.long 33744, 1993
.long 34176, 2008
.long 34288, 2025
.long 34368, 2039
.long 34560, 2051
.long 34608, 2064
.long 34864, 2080
.long 34912, 2101
.long 35360, 2112
.long 35792, 2121
.long 35904, 2128
.long 36496, 2135
.long 36976, 2147
.long 37088, 2159
.long 37376, 2167
.long 37456, 2179
.long 37552, 2193
.long 37760, 2212
.long 38000, 2223
.long 40208, 2235
.long 40384, 2251
.long 40544, 2263
.long 40864, 2276
.long 40912, 2291
.long 40992, 2307
.long 41184, 2327
.long 41360, 2344
.long 41488, 2365
.long 41600, 2384
.long 41696, 2395
.long 41728, 2405
.long 41760, 2413
.long 41856, 2432
.long 41936, 2446
.long 41984, 2461
.long 42048, 2477
.long 42112, 2491
.long 42320, 2503
.long 42480, 2513
.long 42720, 2517
.long 42976, 2529
.long 43056, 2539
.long 43520, 2549
.long 43760, 2560
.long 43856, 2566
.long 43984, 2577
.long 44096, 2588
.long 44144, 2602
.long 44176, 2619
.long 44768, 2637
.long 44976, 2645
.long 45136, 2659
.long 45456, 2675
.long 45616, 2690
.long 45664, 2699
.long 45968, 2709
.long 46032, 2720
.long 46240, 2740
.long 46544, 2759
.long 46896, 2774
.long 47200, 2792
.long 47344, 2801
.long 48192, 2817
.long 48272, 2834
.long 48816, 2848
.long 49024, 2861
.long 49120, 2879
.long 49248, 2894
.long 49296, 2911
.long 49392, 2924
.long 49968, 2936
.long 50096, 2951
.long 50160, 2966
.long 50400, 2984
.long 50704, 3002
.long 51120, 3017
.long 51296, 3034
.long 51680, 3054
.long 51744, 3070
.long 51792, 3088
.long 51936, 3102
.long 52240, 3117
.long 52272, 3132
.long 52384, 3155
.long 52416, 3181
.long 52832, 3196
.long 54112, 3211
.long 54512, 3230
.long 54688, 3245
.long 54752, 3261
.long 54944, 3277
.long 54976, 3292
.long 55040, 3310
.long 56272, 3327
.long 56400, 3340
.long 57888, 3351
.long 58537, 3363
.long 58560, 3381
.long 58656, 3395
.long 58704, 3409
.long 59344, 3422
.long 59376, 3438
.long 59504, 3454
.long 59568, 3476
.long 59776, 3498
.long 60000, 3507
.long 60640, 3515
.long 60864, 3526
.long 61280, 3547
.long 61408, 3556
.long 61552, 3567
.long 61840, 3575
.long 62192, 3585
.long 62384, 3601
.long 62944, 3624
.long 64928, 3636
.long 65168, 3648
.long 65264, 3662
.long 65936, 3683
.long 66064, 3697
.long 66160, 3712
.long 68160, 3731
.long 68432, 3750
.long 68720, 3767
.long 69344, 3781
.long 69504, 3792
.long 69584, 3807
.long 69664, 3821
.long 69984, 3834
.long 70112, 3843
.long 70288, 3855
.long 70352, 3866
.long 70400, 3877
.long 70432, 3902
.long 70608, 3915
.long 70704, 3925
.long 70784, 3939
.long 70832, 3956
.long 71072, 3971
.long 71280, 3986
.long 71392, 3999
.long 71648, 4011
.long 72512, 4023
.long 72688, 4039
.long 72800, 4055
.long 73472, 4068
.long 73520, 4092
.long 74080, 4105
.long 74640, 4126
.long 75184, 4149
.long 75744, 4171
.long 75776, 4189
.long 76384, 4206
.long 77168, 4228
.long 77792, 4236
.long 79904, 4248
.long 80032, 4258
.long 81024, 4272
.long 81936, 4287
.long 82112, 4306
.long 83504, 4313
.long 83680, 4324
.long 84720, 4336
.long 85408, 4348
.long 85440, 4356
.long 85472, 4371
.long 85536, 4383
.long 85568, 4398
.long 85600, 4413
.long 85616, 4427
.long 85632, 4445
.long 85696, 4456
.long 85744, 4471
.long 85760, 4486
.long 85792, 4495
.long 85872, 4508
.long 85984, 4522
.long 86208, 4534
.long 86496, 4546
.long 86528, 4553
.long 86704, 4569
.long 86752, 4579
.long 86848, 4593
.long 86944, 4609
.long 87120, 4622
.long 87216, 4637
.long 87344, 4656
.long 87488, 4669
.long 87568, 4683
.long 88032, 4697
.long 88192, 4709
.long 88512, 4715
.long 89312, 4728
.long 90384, 4741
.long 90736, 4752
.long 91056, 4765
.long 91328, 4781
.long 91472, 4799
.long 91632, 4819
.long 91952, 4828
.long 92144, 4840
.long 92480, 4854
.long 92816, 4874
.long 92896, 4885
.long 92928, 4900
.long 92992, 4914
.long 93024, 4924
.long 93328, 4939
.long 93696, 4951
.long 93712, 4963
.long 93872, 4976
.long 93920, 4992
.long 94064, 5001
.long 94160, 5014
.long 94736, 5029
.long 94848, 5042
.long 95024, 5051
.long 95200, 5060
.long 95360, 5067
.long 98737, 5078
.long 98768, 5094
.long 99088, 5120
.long 99616, 5141
.long 99664, 5157
.long 99728, 5179
.long 99920, 5194
.long 100192, 5208
.long 100384, 5219
.long 100592, 5228
.long 100608, 5241
.long 100720, 5254
.long 100896, 5259
.long 101008, 5269
.long 101152, 5285
.long 101264, 5295
.long 101744, 5305
.long 101888, 5318
.long 101904, 5331
.long 102144, 5346
.long 102224, 5356
.long 102448, 5365
.long 102608, 5381
.long 102640, 5394
.long 102752, 5407
.long 104336, 5421
.long 104352, 5437
.long 104768, 5451
.long 104784, 5460
.long 104800, 5473
.long 104880, 5485
.long 105024, 5495
.long 105680, 5501
.long 105696, 5518
.long 105776, 5534
.long 105824, 5544
.long 105840, 5557
.long 106112, 5575
.long 106304, 5591
.long 106432, 5614
.long 106496, 5629
.long 106544, 5649
.long 106560, 5667
.long 108032, 5682
.long 108304, 5695
.long 108528, 5705
.long 108576, 5719
.long 108640, 5729
.long 108752, 5752
.long 108768, 5767
.long 108784, 5780
.long 108880, 5792
.long 109040, 5800
.long 109184, 5813
.long 110032, 5825
.long 110048, 5840
.long 110080, 5857
.long 110176, 5870
.long 110288, 5882
.long 110464, 5903
.long 110576, 5915
.long 110976, 5927
.long 112400, 5933
.long 112496, 5946
.long 112512, 5956
.long 113088, 5969
.long 113232, 5983
.long 113760, 5999
.long 113968, 6008
.long 114688, 6015
.long 114880, 6022
.long 114896, 6033
.long 114960, 6050
.long 115024, 6067
.long 115104, 6084
.long 115216, 6099
.long 115232, 6116
.long 115264, 6139
.long 115600, 6155
.long 117856, 6166
.long 117920, 6174
.long 117952, 6186
.long 121456, 6197
.long 121968, 6209
.long 122384, 6219
.long 124096, 6230
.long 124144, 6240
.long 125536, 6250
.long 125584, 6261
.long 125616, 6274
.long 125984, 6285
.long 126096, 6295
.long 126128, 6306
.long 126272, 6317
.long 126304, 6336
.long 126320, 6358
.long 126592, 6368
.long 126672, 6388
.long 126880, 6401
.long 129200, 6413
.long 129376, 6426
.long 137968, 6434
.long 138752, 6452
.long 139040, 6462
.long 139200, 6482
.long 139504, 6493
.long 140512, 6506
.long 140624, 6514
.long 140752, 6526
.long 140768, 6541
.long 144134, 6551
.long 144144, 6566
.long 144288, 6576
.long 146288, 6592
.long 146464, 6606
.long 148448, 6618
.long 148704, 6626
.long 148992, 6641
.long 149088, 6660
.long 149616, 6675
.long 149632, 6692
.long 149664, 6708
.long 151344, 6721
.long 151376, 6731
.long 151392, 6741
.long 151424, 6753
.long 151488, 6766
.long 152320, 6779
.long 153824, 6798
.long 154608, 6822
.long 154752, 6833
.long 154768, 6853
.long 155984, 6868
.long 156096, 6878
.long 156176, 6893
.long 156784, 6898
.long 156896, 6909
.long 157440, 6918
.long 157680, 6929
.long 157808, 6947
.long 157824, 6961
.long 157984, 6976
.long 158272, 6994
.long 158320, 7013
.long 158576, 7031
.long 158592, 7050
.long 158608, 7067
.long 158704, 7086
.long 158752, 7097
.long 158816, 7119
.long 158864, 7138
.long 159488, 7151
.long 160336, 7165
.long 160624, 7185
.long 160768, 7196
.long 161008, 7207
.long 161440, 7219
.long 161536, 7231
.long 161728, 7243
.long 161792, 7255
.long 161824, 7266
.long 161936, 7276
.long 162064, 7285
.long 162752, 7295
.long 163488, 7309
.long 163856, 7326
.long 164096, 7339
.long 164240, 7354
.long 164336, 7368
.long 164352, 7385
.long 164368, 7400
.long 165008, 7418
.long 165136, 7432
.long 165376, 7446
.long 165472, 7461
.long 165568, 7475
.long 165648, 7494
.long 165744, 7511
.long 165760, 7528
.long 165824, 7539
.long 165952, 7552
.long 166096, 7566
.long 166224, 7583
.long 166256, 7600
.long 166272, 7620
.long 166288, 7633
.long 166416, 7655
.long 166864, 7674
.long 167264, 7693
.long 167440, 7710
.long 167584, 7725
.long 168016, 7745
.long 168240, 7765
.long 168384, 7781
.long 168592, 7796
.long 168704, 7813
.long 169056, 7828
.long 169296, 7840
.long 169536, 7855
.long 169808, 7870
.long 169824, 7879
.long 169888, 7888
.long 170112, 7899
.long 170368, 7915
.long 170384, 7921
.long 170400, 7935
.long 170432, 7948
.long 170992, 7958
.long 171008, 7973
.long 171216, 7984
.long 171456, 7995
.long 171520, 8006
.long 171664, 8017
.long 171792, 8035
.long 173456, 8049
.long 173616, 8062
.long 173680, 8079
.long 173712, 8098
.long 174018, 8111
.long 174032, 8130
.long 174064, 8140
.long 174208, 8152
.long 174304, 8163
.long 174320, 8175
.long 174336, 8186
.long 174560, 8196
.long 174736, 8208
.long 174816, 8226
.long 175040, 8237
.long 175200, 8248
.long 175472, 8267
.long 175520, 8283
.long 175824, 8294
.long 175920, 8304
.long 176032, 8321
.long 176128, 8336
.long 176208, 8353
.long 176400, 8363
.long 176688, 8376
.long 176832, 8392
.long 176864, 8414
.long 177072, 8432
.long 177136, 8448
.long 177168, 8467
.long 177468, 8488
.long 177488, 8512
.long 177536, 8528
.long 177648, 8543
.long 177744, 8559
.long 178256, 8570
.long 179538, 8582
.long 179558, 8598
.long 179568, 8615
.long 179920, 8639
.long 180400, 8650
.long 180544, 8670
.long 180880, 8692
.long 181456, 8707
.long 181680, 8721
.long 182208, 8736
.long 182624, 8751
.long 183760, 8762
.long 184085, 8774
.long 184097, 8790
.long 184109, 8815
.long 184119, 8842
.long 184130, 8862
.long 184142, 8881
.long 184153, 8901
.long 184176, 8917
.long 184928, 8925
.long 184976, 8935
.long 185152, 8946
.long 185248, 8958
.long 186128, 8976
.long 186624, 8994
.long 186919, 9007
.long 186928, 9020
.long 186960, 9043
.long 188656, 9063
.long 188816, 9076
.long 188944, 9088
.long 189136, 9100
.long 189232, 9114
.long 189632, 9124
.long 189760, 9134
.long 189856, 9148
.long 189984, 9167
.long 190016, 9186
.long 190416, 9206
.long 190624, 9225
.long 190896, 9243
.long 191024, 9264
.long 191392, 9277
.long 191680, 9295
.long 191888, 9313
.long 192080, 9330
.long 192160, 9344
.long 192336, 9356
.long 192448, 9374
.long 192768, 9385
.long 193136, 9401
.long 193520, 9419
.long 193616, 9440
.long 194112, 9455
.long 194512, 9466
.long 195168, 9478
.long 195328, 9488
.long 195472, 9498
.long 195648, 9506
.long 196720, 9519
.long 197168, 9536
.long 197408, 9546
.long 197520, 9566
.long 197680, 9578
.long 199344, 9588
.long 199408, 9600
.long 199680, 9613
.long 200944, 9624
.long 202208, 9640
.long 202448, 9658
.long 202908, 9681
.long 202928, 9699
.long 202944, 9720
.long 203120, 9733
.long 205680, 9751
.long 206752, 9769
.long 206944, 9782
.long 207088, 9795
.long 207264, 9806
.long 208048, 9818
.long 208304, 9834
.long 208784, 9852
.long 208800, 9863
.long 208912, 9878
.long 209072, 9896
.long 209456, 9906
.long 209776, 9915
.long 209792, 9931
.long 209808, 9948
.long 209824, 9967
.long 210000, 9983
.long 210128, 9994
.long 210288, 10007
.long 210320, 10022
.long 211264, 10031
.long 211280, 10049
.long 211328, 10068
.long 211376, 10085
.long 211804, 10104
.long 211840, 10128
.long 211888, 10150
.long 212016, 10158
.long 212096, 10167
.long 212128, 10177
.long 212160, 10188
.long 212208, 10200
.long 212304, 10210
.long 212352, 10223
.long 212368, 10231
.long 212384, 10246
.long 212400, 10257
.long 212416, 10271
.long 212432, 10283
.long 212528, 10302
.long 212656, 10324
.long 212848, 10335
.long 212896, 10346
.long 212944, 10357
.long 213120, 10367
.long 213264, 10379
.long 213376, 10384
.long 213472, 10399
.long 213504, 10415
.long 213616, 10432
.long 213856, 10448
.long 213904, 10461
.long 214064, 10475
.long 214128, 10491
.long 214576, 10501
.long 214768, 10514
.long 214928, 10532
.long 215040, 10547
.long 215168, 10556
.long 215248, 10567
.long 215680, 10580
.long 215840, 10592
.long 216240, 10600
.long 216384, 10612
.long 217632, 10622
.long 217808, 10638
.long 222096, 10652
.long 222272, 10673
.long 222432, 10706
.long 223584, 10729
.long 224336, 10749
.long 224608, 10763
.long 224912, 10779
.long 225232, 10794
.long 227920, 10807
.long 227984, 10823
.long 228144, 10835
.long 228288, 10846
.long 228400, 10858
.long 228928, 10873
.long 229040, 10883
.long 229280, 10897
.long 229552, 10902
.long 229632, 10915
.long 229840, 10928
.long 229856, 10947
.long 229872, 10960
.long 230112, 10981
.long 230880, 10994
.long 230896, 11005
.long 230912, 11016
.long 230976, 11028
.long 231408, 11044
.long 232928, 11058
.long 233088, 11071
.long 233408, 11089
.long 233600, 11107
.long 233872, 11117
.long 234368, 11128
.long 235488, 11140
.long 236112, 11150
.long 236384, 11163
.long 236496, 11176
.long 236672, 11190
.long 236864, 11201
.long 236976, 11216
.long 237216, 11232
.long 237232, 11248
.long 237648, 11263
.long 238304, 11269
.long 238352, 11279
.long 238400, 11295
.long 238480, 11308
.long 238752, 11324
.long 238912, 11341
.long 239344, 11349
.long 239408, 11369
.long 239568, 11378
.long 241312, 11386
.long 241520, 11395
.long 241600, 11405
.long 241648, 11414
.long 241712, 11433
.long 241744, 11455
.long 242448, 11465
.long 242992, 11477
.long 243328, 11490
.long 243456, 11506
.long 243840, 11513
.long 243952, 11531
.long 244032, 11545
.long 244224, 11555
.long 244272, 11569
.long 244496, 11587
.long 244576, 11603
.long 244688, 11614
.long 246160, 11623
.long 246688, 11638
.long 246800, 11649
.long 247024, 11662
.long 247136, 11680
.long 247200, 11701
.long 247360, 11717
.long 247497, 11736
.long 247531, 11757
.long 247572, 11769
.long 247603, 11785
.long 247696, 11799
.long 247904, 11805
.long 247952, 11818
.long 248032, 11833
.long 248144, 11852
.long 248400, 11871
.long 248592, 11882
.long 248848, 11895
.long 248880, 11904
.long 248912, 11915
.long 248944, 11929
.long 249040, 11938
.long 249088, 11951
.long 249152, 11961
.long 249296, 11969
.long 249696, 11982
.long 249952, 11995
.long 250416, 12006
.long 250512, 12018
.long 252512, 12030
.long 252656, 12040
.long 252720, 12052
.long 252768, 12064
.long 252976, 12076
.long 253120, 12086
.long 253184, 12098
.long 253392, 12110
.long 253536, 12122
.long 253744, 12133
.long 254464, 12144
.long 254752, 12155
.long 254832, 12175
.long 254960, 12188
.long 255040, 12203
.long 255472, 12219
.long 255616, 12233
.long 255904, 12246
.long 256000, 12261
.long 256144, 12271
.long 256272, 12285
.long 256352, 12301
.long 257296, 12308
.long 257808, 12314
.long 258096, 12327
.long 258256, 12339
.long 258368, 12345
.long 258512, 12356
.long 258560, 12367
.long 258688, 12377
.long 258768, 12388
.long 258912, 12399
.long 259152, 12413
.long 259488, 12424
.long 259808, 12436
.long 260336, 12440
.long 260688, 12453
.long 260720, 12468
.long 262132, 12481
.long 262320, 12493
.long 262496, 12506
.long 262912, 12518
.long 263008, 12531
.long 263440, 12553
.long 265632, 12564
.long 265920, 12574
.long 265936, 12591
.long 266048, 12606
.long 266080, 12617
.long 266192, 12634
.long 266448, 12655
.long 266496, 12677
.long 266752, 12700
.long 266832, 12724
.long 266912, 12742
.long 267056, 12758
.long 267248, 12771
.long 267264, 12778
.long 267280, 12785
.long 267296, 12790
.long 267312, 12818
.long 267328, 12844
.long 267536, 12850
.long 267584, 12860
.long 267824, 12870
.long 267904, 12878
.long 268576, 12889
.long 271120, 12899
.long 271216, 12908
.long 271248, 12924
.long 271328, 12941
.long 271616, 12954
.long 271888, 12970
.long 271968, 12988
.long 272000, 13003
.long 272080, 13020
.long 272304, 13027
.long 272432, 13035
.long 272592, 13042
.long 272688, 13049
.long 272736, 13056
.long 272784, 13063
.long 272832, 13071
.long 272896, 13078
.long 272960, 13086
.long 273008, 13093
.long 273104, 13100
.long 273200, 13108
.long 273440, 13121
.long 273728, 13132
.long 273744, 13152
.long 273760, 13172
.long 273824, 13183
.long 273920, 13199
.long 273968, 13209
.long 274064, 13221
.long 274240, 13243
.long 274304, 13267
.long 274416, 13281
.long 274608, 13296
.long 275392, 13306
.long 275600, 13315
.long 275648, 13333
.long 275680, 13348
.long 275792, 13362
.long 275904, 13380
.long 276016, 13398
.long 276032, 13423
.long 276112, 13448
.long 276176, 13467
.long 277488, 13481
.long 277888, 13506
.long 277994, 13526
.long 278016, 13545
.long 278160, 13571
.long 278288, 13597
.long 278320, 13621
.long 278352, 13637
.long 278416, 13653
.long 278496, 13671
.long 278560, 13689
.long 278848, 13700
.long 279088, 13714
.long 279584, 13726
.long 279600, 13737
.long 283680, 13747
.long 283728, 13764
.long 284032, 13783
.long 284192, 13802
.long 284464, 13829
.long 284608, 13854
.long 284768, 13876
.long 285312, 13894
.long 285408, 13912
.long 285600, 13932
.long 286064, 13952
.long 286240, 13976
.long 286400, 14002
.long 286448, 14020
.long 287232, 14033
.long 287648, 14057
.long 287760, 14076
.long 288304, 14101
.long 288368, 14114
.long 288432, 14147
.long 288448, 14169
.long 288560, 14186
.long 288576, 14212
.long 288672, 14235
.long 288864, 14260
.long 289040, 14272
.long 289184, 14293
.long 289200, 14313
.long 289232, 14334
.long 289440, 14357
.long 290316, 14380
.long 290336, 14408
.long 290688, 14424
.long 290704, 14450
.long 291264, 14469
.long 305344, 14481
.long 305632, 14499
.long 305760, 14524
.long 305776, 14547
.long 305888, 14571
.long 305920, 14606
.long 306000, 14633
.long 306201, 14656
.long 306224, 14673
.long 306416, 14692
.long 306464, 14710
.long 307280, 14723
.long 307296, 14747
.long 307328, 14775
.long 307440, 14799
.long 307456, 14817
.long 307504, 14833
.long 307776, 14855
.long 307840, 14881
.long 307984, 14894
.long 308000, 14918
.long 308080, 14942
.long 308192, 14967
.long 308672, 14976
.long 308736, 15005
.long 308800, 15034
.long 309008, 15047
.long 309056, 15080
.long 309104, 15113
.long 309568, 15123
.long 309616, 15153
.long 309664, 15183
.long 309824, 15192
.long 309872, 15221
.long 309920, 15250
.long 310192, 15264
.long 310240, 15298
.long 310288, 15332
.long 310576, 15343
.long 310624, 15374
.long 310672, 15405
.long 311024, 15416
.long 311072, 15447
.long 311120, 15478
.long 311152, 15492
.long 311232, 15507
.long 311584, 15521
.long 312064, 15531
.long 312576, 15552
.long 312592, 15577
.long 312608, 15597
.long 312656, 15614
.long 312800, 15627
.long 313600, 15639
.long 313984, 15662
.long 314000, 15681
.long 314016, 15700
.long 314032, 15713
.long 314064, 15731
.long 314080, 15749
.long 314096, 15769
.long 314128, 15787
.long 314192, 15805
.long 314240, 15821
.long 314480, 15844
.long 314592, 15874
.long 314848, 15905
.long 315040, 15932
.long 315600, 15958
.long 315840, 15992
.long 315904, 16009
.long 315920, 16031
.long 316192, 16051
.long 316336, 16076
.long 316672, 16092
.long 317088, 16106
.long 317104, 16120
.long 317152, 16133
.long 317184, 16155
.long 317280, 16176
.long 318016, 16205
.long 318240, 16228
.long 319536, 16259
.long 319872, 16289
.long 320576, 16312
.long 320592, 16332
.long 320816, 16357
.long 321104, 16381
.long 321328, 16407
.long 321360, 16432
.long 321440, 16461
.long 321584, 16482
.long 321872, 16507
.long 321920, 16524
.long 321936, 16553
.long 321968, 16572
.long 322048, 16596
.long 322704, 16614
.long 322896, 16635
.long 323264, 16666
.long 323376, 16698
.long 325568, 16724
.long 325600, 16750
.long 325744, 16770
.long 326032, 16786
.long 326064, 16810
.long 326176, 16835
.long 326208, 16862
.long 326544, 16881
.long 326560, 16904
.long 326704, 16932
.long 326720, 16949
.long 326736, 16968
.long 326752, 16988
.long 326976, 17022
.long 327184, 17059
.long 327392, 17084
.long 327600, 17113
.long 327808, 17133
.long 328016, 17160
.long 328096, 17177
.long 328160, 17205
.long 328208, 17223
.long 328240, 17242
.long 328304, 17269
.long 328352, 17289
.long 328432, 17311
.long 328592, 17334
.long 328928, 17357
.long 329088, 17373
.long 329152, 17393
.long 329184, 17421
.long 329216, 17446
.long 329344, 17481
.long 333472, 17503
.long 333596, 17536
.long 333605, 17572
.long 333632, 17599
.long 334160, 17613
.long 334368, 17639
.long 334640, 17674
.long 334928, 17695
.long 335664, 17736
.long 336384, 17780
.long 336928, 17811
.long 337120, 17829
.long 339728, 17871
.long 347952, 17920
.long 356048, 17966
.long 362144, 18022
.long 362224, 18041
.long 364208, 18066
.long 364256, 18085
.long 364880, 18107
.long 374544, 18144
.long 374576, 18174
.long 374656, 18195
.long 374800, 18216
.long 375264, 18240
.long 375728, 18267
.long 376608, 18295
.long 377424, 18320
.long 377440, 18338
.long 377456, 18350
.long 377488, 18367
.long 377504, 18379
.long 377536, 18396
.long 377568, 18416
.long 377584, 18431
.long 377680, 18445
.long 377744, 18464
.long 378064, 18483
.long 378736, 18508
.long 381472, 18538
.long 381488, 18559
.long 384592, 18584
.long 384736, 18599
.long 385040, 18614
.long 385056, 18637
.long 385280, 18648
.long 385296, 18671
.long 385312, 18692
.long 385344, 18713
.long 385392, 18730
.long 385952, 18748
.long 386016, 18766
.long 386032, 18795
.long 386048, 18824
.long 386448, 18835
.long 386464, 18858
.long 386480, 18879
.long 386544, 18900
.long 386656, 18917
.long 387184, 18935
.long 387408, 18953
.long 387424, 18982
.long 387440, 19011
.long 388080, 19040
.long 388848, 19069
.long 388896, 19089
.long 388912, 19107
.long 389472, 19126
.long 389488, 19141
.long 389520, 19161
.long 390256, 19179
.long 394304, 19207
.long 394336, 19230
.long 394416, 19253
.long 397712, 19283
.long 397984, 19301
.long 398544, 19330
.long 398560, 19345
.long 398592, 19365
.long 398944, 19385
.long 399360, 19418
.long 399536, 19439
.long 404608, 19472
.long 404784, 19493
.long 406192, 19513
.long 406640, 19545
.long 407040, 19578
.long 407216, 19599
.long 412528, 19632
.long 412704, 19653
.long 412944, 19671
.long 413984, 19699
.long 414576, 19731
.long 414592, 19747
.long 414624, 19768
.long 414640, 19787
.long 414704, 19811
.long 414784, 19830
.long 414800, 19847
.long 414816, 19864
.long 414912, 19887
.long 415088, 19911
.long 415216, 19948
.long 415312, 19971
.long 415536, 20003
.long 415552, 20035
.long 416336, 20062
.long 416576, 20096
.long 416720, 20125
.long 416944, 20144
.long 417056, 20164
.long 417120, 20182
.long 417168, 20216
.long 417264, 20240
.long 418608, 20268
.long 418624, 20285
.long 418656, 20307
.long 418672, 20335
.long 418678, 20364
.long 418688, 20397
.long 418848, 20418
.long 419136, 20437
.long 419520, 20466
.long 420032, 20495
.long 420048, 20510
.long 420080, 20530
.long 420816, 20548
.long 420864, 20568
.long 420880, 20586
.long 421296, 20605
.long 421616, 20627
.long 424080, 20655
.long 424112, 20678
.long 424208, 20701
.long 425520, 20731
.long 425792, 20749
.long 426336, 20778
.long 426688, 20798
.long 426848, 20831
.long 427024, 20852
.long 428544, 20885
.long 428720, 20906
.long 430128, 20926
.long 430576, 20958
.long 430736, 20991
.long 430912, 21012
.long 432544, 21045
.long 432720, 21066
.long 432992, 21084
.long 434032, 21112
.long 434048, 21128
.long 434080, 21149
.long 434096, 21166
.long 434128, 21188
.long 434144, 21207
.long 434208, 21231
.long 434288, 21250
.long 434304, 21267
.long 434320, 21284
.long 434496, 21307
.long 435056, 21331
.long 435232, 21355
.long 435360, 21392
.long 435456, 21415
.long 435712, 21447
.long 435728, 21479
.long 436496, 21506
.long 436736, 21540
.long 436880, 21569
.long 437104, 21588
.long 437216, 21608
.long 437280, 21626
.long 437328, 21660
.long 437424, 21684
.long 438688, 21712
.long 438704, 21740
.long 438710, 21769
.long 438720, 21802
.long 438880, 21823
.long 438976, 21847
.long 439264, 21866
.long 439280, 21895
.long 439296, 21923
.long 439744, 21953
.long 440128, 21982
.long 440288, 22024
.long 440800, 22053
.long 440944, 22095
.long 442464, 22137
.long 444128, 22179
.long 444144, 22194
.long 444176, 22214
.long 444192, 22229
.long 444224, 22249
.long 444976, 22267
.long 445024, 22287
.long 445040, 22305
.long 445456, 22324
.long 445776, 22346
.long 448224, 22374
.long 448256, 22397
.long 448352, 22420
.long 449664, 22450
.long 449936, 22468
.long 450416, 22485
.long 450784, 22505
.long 450960, 22526
.long 451136, 22559
.long 451232, 22585
.long 451408, 22606
.long 451440, 22639
.long 451536, 22665
.long 453008, 22685
.long 453568, 22705
.long 453808, 22746
.long 453984, 22767
.long 454160, 22800
.long 454256, 22826
.long 454432, 22847
.long 454464, 22880
.long 454560, 22906
.long 454592, 22938
.long 454624, 22970
.long 454688, 22991
.long 454880, 23009
.long 455200, 23034
.long 455472, 23062
.long 456624, 23090
.long 457440, 23114
.long 457760, 23139
.long 457776, 23155
.long 457808, 23176
.long 457824, 23193
.long 457856, 23215
.long 457872, 23234
.long 457888, 23259
.long 458000, 23283
.long 458240, 23311
.long 458288, 23330
.long 458336, 23347
.long 458352, 23364
.long 458384, 23387
.long 458480, 23415
.long 458656, 23439
.long 458720, 23459
.long 458960, 23491
.long 458976, 23523
.long 458992, 23543
.long 460304, 23570
.long 460416, 23604
.long 460560, 23633
.long 460688, 23656
.long 460912, 23675
.long 461264, 23695
.long 461328, 23713
.long 461472, 23743
.long 461584, 23761
.long 461840, 23790
.long 461888, 23810
.long 462032, 23844
.long 462176, 23868
.long 463504, 23896
.long 463520, 23924
.long 463526, 23953
.long 463535, 23985
.long 463552, 24018
.long 464128, 24044
.long 464592, 24072
.long 465392, 24123
.long 466064, 24174
.long 466768, 24218
.long 467888, 24262
.long 468624, 24306
.long 469360, 24353
.long 470832, 24397
.long 472352, 24444
.long 476768, 24488
.long 481504, 24527
.long 489088, 24571
.long 497600, 24610
.long 498896, 24632
.long 500624, 24654
.long 500800, 24682
.long 500912, 24700
.long 500976, 24729
.long 501152, 24757
.long 501376, 24784
.long 501408, 24813
.long 501728, 24843
.long 502112, 24867
.long 502128, 24890
.long 502144, 24910
.long 502320, 24935
.long 502592, 24961
.long 502832, 24978
.long 503072, 25007
.long 503232, 25028
.long 503344, 25043
.long 503376, 25066
.long 503424, 25084
.long 503488, 25109
.long 503488, 25162
.long 504637, 25216
.long 504637, 25269
.long 505920, 25323
.long 506224, 25336
.long 506448, 25353
.long 506688, 25366
.long 507136, 25380
.long 507504, 25394
.long 507824, 25407
.long 507984, 25420
.long 516944, 25428
.long 517088, 25439
.long 517264, 25460
.long 517536, 25481
.long 517648, 25498
.long 518464, 25510
.long 518560, 25527
.long 519280, 25539
.long 519376, 25556
.long 519504, 25572
.long 519648, 25584
.long 519760, 25601
.long 523344, 25615
.long 523360, 25627
.long 523376, 25644
.long 523408, 25651
.long 523424, 25659
.long 523440, 25666
.long 525216, 25676
.long 525232, 25684
.long 525456, 25700
.long 525680, 25718
.long 525696, 25732
.long 528496, 25740
.long 528512, 25746
.long 528704, 25762
.long 528896, 25776
.long 529024, 25796
.long 529152, 25814
.long 529216, 25831
.long 533968, 25844
.long 534144, 25860
.long 536080, 25896
.long 536576, 25924
.long 536592, 25942
.long 536608, 25960
.long 536656, 25978
.long 536672, 25994
.long 541488, 26021
.long 549088, 26058
.long 549184, 26076
.long 549200, 26097
.long 552240, 26119
.long 552256, 26136
.long 552320, 26151
.long 552336, 26167
.long 552448, 26188
.long 552480, 26203
.long 552656, 26216
.long 552704, 26238
.long 564160, 26265
.long 568192, 26291
.long 568336, 26304
.long 568384, 26330
.long 570304, 26350
.long 572176, 26378
.long 572528, 26398
.long 574416, 26432
.long 574784, 26466
.long 577376, 26499
.long 580080, 26540
.long 580096, 26563
.long 580128, 26584
.long 580176, 26604
.long 580208, 26630
.long 583056, 26659
.long 583760, 26688
.long 583824, 26718
.long 587696, 26756
.long 588096, 26786
.long 588112, 26813
.long 588176, 26826
.long 588192, 26863
.long 588256, 26886
.long 588272, 26922
.long 588336, 26944
.long 588352, 26959
.long 588368, 26992
.long 588384, 27014
.long 588416, 27035
.long 588432, 27046
.long 588448, 27067
.long 704512, 27077
.long 704512, 27090
.long 704512, 27110
symbol_names:
.asciz "__image_start"
.asciz "boot32"
.asciz "mb1_header"
.asciz "mb2_header"
.asciz "boot_gdt"
.asciz "mb2_end"
.asciz "boot_gdt_ptr"
.asciz "no_long_mode_text"
.asciz "start32"
.asciz "no_long_mode"
.asciz "start64"
.asciz "stack_switch_call"
.asciz "syscall_entry"
.asciz "syscall_fault"
.asciz "syscall_slow"
.asciz "iret_straight"
.asciz "iret_to_kernel"
.asciz "from_guest_kernel"
.asciz "hypercall"
.asciz "hypercall_back"
.asciz "hypercall_full"
.asciz "exit_to_guest"
.asciz "exit_sysret32"
.asciz "exit_iret"
.asciz "iret_guest"
.asciz "exit_work"
.asciz "exit_event"
.asciz "slow_hypercall"
.asciz "iret_slow"
.asciz "syscall32_entry"
.asciz "sysenter_entry"
.asciz "leave_to_guest"
.asciz "leave_to_idle"
.asciz "page_fault_entry"
.asciz "fault_in_kernel"
.asciz "fault_undo"
.asciz "fault_slow"
.asciz "fault_inside"
.asciz "trap_common"
.asciz "trap_guest"
.asciz "trap_inside"
.asciz "ist_common"
.asciz "map"
.asciz "scan"
.asciz "get_table"
.asciz "read_all"
.asciz "acpi_offer_rsdp"
.asciz "acpi_init"
.asciz "acpi_isa_gsi"
.asciz "acpi_gsi_override"
.asciz "add_cpu"
.asciz "get_register"
.asciz "get_block"
.asciz "acpi_check_table"
.asciz "acpi_parse_rsdp"
.asciz "acpi_root_entry"
.asciz "acpi_parse_madt"
.asciz "acpi_parse_fadt"
.asciz "acpi_parse_hpet"
.asciz "acpi_parse_mcfg"
.asciz "acpi_find_s5"
.asciz "icr_wait"
.asciz "apic_init"
.asciz "apic_cpu_init"
.asciz "apic_id"
.asciz "apic_eoi"
.asciz "apic_send"
.asciz "apic_send_init"
.asciz "apic_send_startup"
.asciz "apic_timer_mode"
.asciz "apic_timer_start"
.asciz "apic_timer_left"
.asciz "apic_error"
.asciz "strip_name"
.asciz "take_framebuffer"
.asciz "add_range"
.asciz "copy_string"
.asciz "add_module"
.asciz "multiboot_parse"
.asciz "hpet_read"
.asciz "pm_timer_read"
.asciz "pit_read"
.asciz "try_pit"
.asciz "sample"
.asciz "try_hpet"
.asciz "try_pm_timer"
.asciz "clock_scale_from_hz"
.asciz "clock_scale_apply"
.asciz "clock_tsc_to_ns"
.asciz "clock_ns_to_tsc"
.asciz "machine_tsc"
.asciz "now_ns"
.asciz "clock_tsc_hz"
.asciz "clock_tsc_stable"
.asciz "clock_wall_base"
.asciz "clock_wall_set"
.asciz "clock_parameters"
.asciz "clock_delay_us"
.asciz "clock_init"
.asciz "clock_cpu_init"
.asciz "machine_timer_arm"
.asciz "clock_interrupt"
.asciz "clock_sync_source"
.asciz "clock_sync_target"
.asciz "cmos_snapshot"
.asciz "cmos_seconds"
.asciz "arch_vcpu_init"
.asciz "arch_vcpu_destroy"
.asciz "arch_vcpu_set_context"
.asciz "arch_vcpu_get_context"
.asciz "arch_vcpu_nmi"
.asciz "arch_vcpu_nmi_callback"
.asciz "arch_cpu_physid"
.asciz "arch_hypercall_page"
.asciz "arch_domain_init"
.asciz "arch_domain_destroy"
.asciz "arch_domain_relinquish"
.asciz "hypercall_absent"
.asciz "machine_trace_entries"
.asciz "hypercall_slow"
.asciz "stub_emit"
.asciz "tables_init_cpu"
.asciz "trap_from_guest"
.asciz "trap_from_serai"
.asciz "trap_from_guest.cold"
.asciz "features_detect"
.asciz "features_enable"
.asciz "alternatives_patch"
.asciz "ioapic_init"
.asciz "ioapic_gsis"
.asciz "ioapic_has"
.asciz "ioapic_route"
.asciz "ioapic_set_destination"
.asciz "ioapic_mask"
.asciz "ioapic_read_register"
.asciz "machine_frame_readonly"
.asciz "irq_gsis"
.asciz "irq_init"
.asciz "irq_of_gsi"
.asciz "irq_msi_in_use"
.asciz "irq_of_msi"
.asciz "irq_free"
.asciz "irq_setup_gsi"
.asciz "irq_request"
.asciz "irq_bind_guest"
.asciz "irq_unbind_guest"
.asciz "irq_guest_eoi"
.asciz "irq_set_cpu"
.asciz "irq_is_level"
.asciz "irq_restore_msi"
.asciz "irq_timer_from_guest"
.asciz "irq_handle"
.asciz "irq_dump"
.asciz "mapped"
.asciz "survey"
.asciz "early_alloc"
.asciz "table_alloc"
.asciz "walk_to"
.asciz "virt_to_mfn"
.asciz "early_reserve"
.asciz "early_reserve_free"
.asciz "paging_map"
.asciz "paging_init"
.asciz "paging_low_page"
.asciz "paging_seal"
.asciz "paging_check"
.asciz "paging_fill_l4"
.asciz "paging_idle_cr3"
.asciz "paging_init_windows"
.asciz "paging_map_stack"
.asciz "paging_map_stub_page"
.asciz "machine_map_device"
.asciz "page_clear"
.asciz "page_copy"
.asciz "m2p_set"
.asciz "machine_m2p_extent"
.asciz "copy_faulting"
.asciz "guest_range_ok"
.asciz "copy_from_guest"
.asciz "copy_to_guest"
.asciz "clear_guest"
.asciz "symbol_of"
.asciz "say"
.asciz "panic_begin"
.asciz "panic_end"
.asciz "dump_regs"
.asciz "dump_stack"
.asciz "panic"
.asciz "panic_regs"
.asciz "nmi_handle"
.asciz "machine_check"
.asciz "__stack_chk_fail"
.asciz "machine_dump_vcpu"
.asciz "map_bus"
.asciz "pci_port_read"
.asciz "pci_read.part.0"
.asciz "pci_port_write"
.asciz "pci_read"
.asciz "pci_write"
.asciz "pci_exists"
.asciz "pci_find_capability"
.asciz "pci_mmcfg_reserved"
.asciz "pci_device_add"
.asciz "pci_device_remove"
.asciz "pci_dump"
.asciz "pci_msi_prepare"
.asciz "pci_msi_capacity"
.asciz "pci_msi_write"
.asciz "pci_msi_mask"
.asciz "pci_msi_set_order"
.asciz "pci_msi_enable"
.asciz "pm1_write.isra.0"
.asciz "power_set_s5"
.asciz "machine_end"
.asciz "trap_table_set"
.asciz "trap_table_get"
.asciz "do_set_trap_table"
.asciz "callback_register"
.asciz "do_callback_op"
.asciz "do_set_callbacks"
.asciz "do_set_segment_base"
.asciz "do_stack_switch"
.asciz "do_fpu_taskswitch"
.asciz "guest_cr_read"
.asciz "guest_cr_write"
.asciz "guest_cr4_load"
.asciz "cpu_policy_domain_init"
.asciz "cpu_policy_domain_destroy"
.asciz "cpu_policy_get"
.asciz "cpu_policy_set"
.asciz "cpu_featureset_get"
.asciz "limit_features"
.asciz "cpu_policy_find"
.asciz "cpu_policy_word"
.asciz "cpu_policy_has"
.asciz "cpu_policy_system"
.asciz "cpu_policy_limit"
.asciz "policy_build"
.asciz "cpuid_init"
.asciz "cpuid_guest"
.asciz "policy_build.cold"
.asciz "debugreg_load"
.asciz "debugreg_save"
.asciz "debugreg_set"
.asciz "do_set_debugreg"
.asciz "do_get_debugreg"
.asciz "guest_debug_exception"
.asciz "descriptor_page_valid"
.asciz "gdt_load"
.asciz "gdt_set"
.asciz "do_set_gdt"
.asciz "do_update_descriptor"
.asciz "ldt_load"
.asciz "ldt_unload"
.asciz "ldt_set"
.asciz "ldt_fault"
.asciz "descriptor_drop"
.asciz "machine_dom0_resources"
.asciz "arch_domctl"
.asciz "arch_sysctl"
.asciz "arch_physinfo"
.asciz "execute_unprivileged"
.asciz "emulate_fetch"
.asciz "emulate_retire"
.asciz "emulate_privileged"
.asciz "emulate_invalid_op"
.asciz "firmware_set_efi"
.asciz "firmware_info"
.asciz "area_order"
.asciz "fpu_guest_xcr0"
.asciz "fpu_area_size"
.asciz "fpu_cpu_init"
.asciz "fpu_save"
.asciz "fpu_restore"
.asciz "fpu_resume"
.asciz "fpu_ts_set"
.asciz "fpu_device_not_available"
.asciz "fpu_set_xcr0"
.asciz "fpu_reset"
.asciz "fpu_vcpu_init"
.asciz "fpu_vcpu_destroy"
.asciz "fpu_get_legacy"
.asciz "fpu_set_legacy"
.asciz "fpu_ext_size"
.asciz "fpu_ext_get"
.asciz "fpu_ext_set"
.asciz "put_guest_words"
.asciz "put_guest_seven"
.asciz "guest_inject"
.asciz "guest_inject_page_fault"
.asciz "guest_upcall"
.asciz "guest_inject_syscall"
.asciz "guest_inject_syscall32"
.asciz "guest_inject_sysenter"
.asciz "guest_nmi_handler"
.asciz "guest_inject_nmi"
.asciz "guest_inject_failsafe"
.asciz "do_iret"
.asciz "insn_decode"
.asciz "pit_count"
.asciz "guest_io_read"
.asciz "guest_io_write"
.asciz "guest_io_permitted"
.asciz "do_mca"
.asciz "reads_zero"
.asciz "guest_rdmsr"
.asciz "guest_wrmsr"
.asciz "op_dbgp"
.asciz "op_free_vector"
.asciz "op_set_iopl"
.asciz "op_eoi_page_v2"
.asciz "op_eoi_page_v1"
.asciz "op_pci_remove"
.asciz "op_pci_remove_old"
.asciz "op_pci_add"
.asciz "op_pci_add_ext"
.asciz "op_pci_add_old"
.asciz "op_mmcfg"
.asciz "op_free_pirq"
.asciz "op_unmap_pirq"
.asciz "map_message"
.asciz "op_map_pirq"
.asciz "op_eoi"
.asciz "op_set_iobitmap"
.asciz "op_status"
.asciz "op_msix_place"
.asciz "op_alloc_vector"
.asciz "op_setup_gsi"
.asciz "op_restore_msi"
.asciz "op_restore_msi_ext"
.asciz "op_apic_read"
.asciz "op_apic_write"
.asciz "do_physdev_op"
.asciz "publish_eoi"
.asciz "unmap"
.asciz "pirq_map_gsi"
.asciz "pirq_map_msi"
.asciz "pirq_unmap"
.asciz "pirq_reserve"
.asciz "pirq_guest_bind"
.asciz "pirq_guest_unbind"
.asciz "pirq_guest_set_vcpu"
.asciz "pirq_eoi"
.asciz "pirq_status"
.asciz "pirq_eoi_page"
.asciz "pirq_domain_destroy"
.asciz "op_cpuinfo"
.asciz "op_cpu_offline"
.asciz "op_cpu_online"
.asciz "op_pminfo"
.asciz "op_cpu_version"
.asciz "op_idletime"
.asciz "op_firmware"
.asciz "op_settime64"
.asciz "op_core_parking"
.asciz "op_sleep"
.asciz "op_settime32"
.asciz "do_platform_op"
.asciz "result_flags"
.asciz "step_add"
.asciz "step_sub"
.asciz "source"
.asciz "ptwr_fault"
.asciz "ptwr_fault.cold"
.asciz "machine_wallclock_publish"
.asciz "machine_time_publish"
.asciz "publish_current"
.asciz "machine_wallclock_set"
.asciz "record_reserve"
.asciz "record_report"
.asciz "record_add"
.asciz "add_tail"
.asciz "record_close"
.asciz "flush_guests"
.asciz "post"
.asciz "cpu_raise"
.asciz "tlb_flush_local"
.asciz "tlb_stale"
.asciz "smp_serve"
.asciz "wait_answers"
.asciz "machine_poll"
.asciz "tlb_flush_mask"
.asciz "tlb_clock"
.asciz "smp_call"
.asciz "smp_stop_others"
.asciz "smp_ap_entry"
.asciz "smp_boot_cpu"
.asciz "smp_start_all"
.asciz "forget_mappings"
.asciz "start_machine"
.asciz "phys_ptr"
.asciz "machine_e820"
.asciz "cpu_prepare"
.asciz "cpu_start"
.asciz "start"
.asciz "cache_flush_here"
.asciz "load_idle_space"
.asciz "vcpu_regs"
.asciz "arch_l4_fill"
.asciz "arch_base_changed"
.asciz "isolate_refresh"
.asciz "arch_vm_assist_changed"
.asciz "tlb_flush_here"
.asciz "address_space_leave"
.asciz "arch_vcpu_touched"
.asciz "machine_switch"
.asciz "exit_pending"
.asciz "idle_loop"
.asciz "preempt_check"
.asciz "vcpu_kick"
.asciz "arch_hypercall_restart"
.asciz "cpu_enter_idle"
.asciz "arch_set_ldt"
.asciz "cache_flush"
.asciz "tx_byte"
.asciz "rx_interrupt"
.asciz "serial_init"
.asciz "serial_present"
.asciz "serial_resources"
.asciz "serial_write"
.asciz "serial_read"
.asciz "serial_interrupts_on"
.asciz "all_stopped"
.asciz "count_table"
.asciz "audit"
.asciz "audit_domain"
.asciz "audit_all"
.asciz "bcj_x86_undo"
.asciz "bzimage_magic"
.asciz "bzimage_payload"
.asciz "crc_init"
.asciz "crc_32"
.asciz "crc_64"
.asciz "arena_free"
.asciz "arena_alloc_zstd"
.asciz "arena_alloc_zlib"
.asciz "arena_alloc_lzma"
.asciz "compression_of"
.asciz "compression_name"
.asciz "decompress_arena_bytes"
.asciz "decompress_room"
.asciz "decompress"
.asciz "give_up"
.asciz "grow.part.0"
.asciz "build_dom0"
.asciz "dom0_layout"
.asciz "dom0_size"
.asciz "take_notes"
.asciz "elf_magic"
.asciz "elf_parse"
.asciz "image_init"
.asciz "image_finish"
.asciz "image_grow"
.asciz "image_mfn"
.asciz "image_page"
.asciz "image_copy"
.asciz "image_tables_begin"
.asciz "image_tables_continue"
.asciz "image_map"
.asciz "image_tables_needed"
.asciz "alloc_frames"
.asciz "kernel_open"
.asciz "kernel_close"
.asciz "symbols"
.asciz "lzma_decode_chunk"
.asciz "lzma_init"
.asciz "lzma_set_properties"
.asciz "lzma_reset"
.asciz "lzma2_decode"
.asciz "because"
.asciz "take_number"
.asciz "xz_table_bytes"
.asciz "xz_decode"
.asciz "xz_decode.cold"
.asciz "unprepare"
.asciz "memory_exchange"
.asciz "content_bytes"
.asciz "do_hypfs_op"
.asciz "put_map"
.asciz "memory_map_get"
.asciz "memory_map_machine"
.asciz "memory_map_set"
.asciz "memory_max_order"
.asciz "memory_continue"
.asciz "do_memory_op"
.asciz "do_hvm_op"
.asciz "do_xsm_op"
.asciz "do_kexec_op"
.asciz "do_xenpmu_op"
.asciz "do_multicall"
.asciz "memory_reservation"
.asciz "memory_acquire_resource"
.asciz "put_string"
.asciz "version_set_cmdline"
.asciz "do_xen_version"
.asciz "ring_text"
.asciz "console_unlock"
.asciz "emit"
.asciz "emit_lines"
.asciz "log_line"
.asciz "log_always"
.asciz "console_write_raw"
.asciz "console_force"
.asciz "console_attach"
.asciz "console_ring_grow"
.asciz "console_start_dom0"
.asciz "console_ring_read"
.asciz "console_ring_start"
.asciz "console_ring_end"
.asciz "console_ring_clear"
.asciz "poll_input"
.asciz "console_input_to_dom0"
.asciz "console_poll_start"
.asciz "console_work"
.asciz "do_console_io"
.asciz "console_sysctl_read"
.asciz "bitmap_get"
.asciz "bitmap_put"
.asciz "domain_info"
.asciz "domain_next"
.asciz "domctl_info"
.asciz "ctl_trylock"
.asciz "ctl_unlock"
.asciz "ctl_check"
.asciz "ctl_vcpu"
.asciz "do_domctl"
.asciz "domctl_create"
.asciz "domctl_max_vcpus"
.asciz "domctl_pause"
.asciz "domctl_unpause"
.asciz "domctl_resume"
.asciz "domctl_subscribe"
.asciz "domctl_destroy"
.asciz "domctl_frame_info"
.asciz "domctl_shadow"
.asciz "change_rights"
.asciz "domctl_max_mem"
.asciz "domctl_handle"
.asciz "domctl_time_offset"
.asciz "domctl_set_width"
.asciz "domctl_get_width"
.asciz "domctl_irq"
.asciz "domctl_iomem"
.asciz "domctl_ioport"
.asciz "domctl_set_nodes"
.asciz "domctl_get_nodes"
.asciz "domctl_virq_handler"
.asciz "domctl_sched"
.asciz "domctl_hypercall_page"
.asciz "domctl_set_context"
.asciz "domctl_get_context"
.asciz "domctl_vcpu_info"
.asciz "domctl_trigger"
.asciz "domctl_set_affinity"
.asciz "domctl_get_affinity"
.asciz "sysctl_physinfo"
.asciz "sysctl_cpuinfo"
.asciz "sysctl_availheap"
.asciz "sysctl_cputopo"
.asciz "sysctl_numa"
.asciz "sysctl_pcitopo"
.asciz "sysctl_cpupool"
.asciz "sched_id"
.asciz "sched_op"
.asciz "debug_keys"
.asciz "domain_list_get"
.asciz "perfc"
.asciz "trace_buffers"
.asciz "console_read"
.asciz "do_sysctl"
.asciz "watchdog_fired"
.asciz "free_parts"
.asciz "release_id"
.asciz "domain_put"
.asciz "domain_get"
.asciz "domain_get_target"
.asciz "domain_create"
.asciz "domains_reap"
.asciz "domain_list_lock"
.asciz "domain_list_unlock"
.asciz "domains_dump"
.asciz "domain_create.cold"
.asciz "kill_done"
.asciz "kill_frames"
.asciz "kill_vcpus"
.asciz "kill_events"
.asciz "kill_audit"
.asciz "kill_stop"
.asciz "domain_kill"
.asciz "vcpu_mark_pending"
.asciz "port_raise"
.asciz "virq_raise"
.asciz "event_port_pending"
.asciz "event_ports_max"
.asciz "event_send"
.asciz "virq_send"
.asciz "virq_send_global"
.asciz "virq_send_host"
.asciz "virq_set_handler"
.asciz "pirq_send"
.asciz "event_unmask"
.asciz "event_pirq_port"
.asciz "event_vcpu_info_moved"
.asciz "event_domain_init"
.asciz "event_vcpu_init"
.asciz "event_vcpu_destroy"
.asciz "event_domain_destroy"
.asciz "event_port_pending.cold"
.asciz "select_and_mark"
.asciz "twolevel_raise"
.asciz "twolevel_unmask"
.asciz "event_dump"
.asciz "event_audit"
.asciz "event_dump.cold"
.asciz "event_audit.cold"
.asciz "port_search.constprop.0"
.asciz "port_alloc"
.asciz "event_alloc_unbound"
.asciz "port_bind_interdomain"
.asciz "port_bind_virq"
.asciz "port_bind_ipi"
.asciz "port_bind_pirq"
.asciz "port_bind_vcpu"
.asciz "port_close"
.asciz "event_reset"
.asciz "port_alloc.cold"
.asciz "event_alloc_unbound.cold"
.asciz "port_bind_interdomain.cold"
.asciz "port_bind_virq.cold"
.asciz "port_bind_ipi.cold"
.asciz "port_bind_pirq.cold"
.asciz "port_close.cold"
.asciz "enqueue"
.asciz "fifo_word"
.asciz "fifo_raise"
.asciz "fifo_unmask"
.asciz "fifo_init_control"
.asciz "fifo_expand_array"
.asciz "fifo_destroy"
.asciz "enqueue.cold"
.asciz "fifo_init_control.cold"
.asciz "do_event_channel_op"
.asciz "unlink_frame"
.asciz "flush_stale"
.asciz "link_frames"
.asciz "frame_get_any"
.asciz "frame_put"
.asciz "frame_get"
.asciz "frame_release"
.asciz "frame_get_writable"
.asciz "frame_put_writable"
.asciz "domain_assign_pages"
.asciz "domain_alloc_pages"
.asciz "domain_steal_page"
.asciz "domain_replace_pages"
.asciz "domain_claim"
.asciz "domain_next_frame"
.asciz "shared_page_alloc"
.asciz "shared_page_free"
.asciz "frame_publish"
.asciz "free_tables"
.asciz "grant_grow_status"
.asciz "grant_grow"
.asciz "grant_get_frame"
.asciz "grant_domain_init"
.asciz "grant_domain_destroy"
.asciz "apply_mappings"
.asciz "grant_dump"
.asciz "grant_audit"
.asciz "unpin_one"
.asciz "side_drop"
.asciz "pin_one"
.asciz "side_prepare"
.asciz "grant_copy_batch"
.asciz "permitted"
.asciz "settle_marks.isra.0"
.asciz "uncount_use"
.asciz "grant_pin"
.asciz "grant_unpin"
.asciz "unmap_finish"
.asciz "unmap_some"
.asciz "grant_map_batch"
.asciz "grant_unmap_batch"
.asciz "grant_release_mappings"
.asciz "unmap_finish.cold"
.asciz "grant_map_batch.cold"
.asciz "write_frames"
.asciz "do_grant_table_op"
.asciz "grant_set_version"
.asciz "block_remove"
.asciz "block_insert"
.asciz "block_free"
.asciz "scrub_batch"
.asciz "heap_free_dirty"
.asciz "heap_alloc_credit"
.asciz "heap_alloc"
.asciz "heap_make_zero"
.asciz "heap_alloc_zeroed"
.asciz "heap_free"
.asciz "heap_add"
.asciz "heap_free_pages"
.asciz "heap_total_pages"
.asciz "heap_claimed_pages"
.asciz "heap_free_below"
.asciz "heap_claim"
.asciz "heap_unclaim"
.asciz "heap_scrub_all"
.asciz "dispatch"
.asciz "hypercall_unknown"
.asciz "hypercall_dispatch"
.asciz "hypercall_traced"
.asciz "hypercall_continue"
.asciz "hypercall_dispatch.cold"
.asciz "hypercall_traced.cold"
.asciz "key_all"
.asciz "key_help"
.asciz "key_panic"
.asciz "key_reboot"
.asciz "key_console"
.asciz "key_audit"
.asciz "key_refusals"
.asciz "key_pci"
.asciz "key_interrupts"
.asciz "key_timers"
.asciz "key_runqueues"
.asciz "key_domains"
.asciz "key_registers_dom0"
.asciz "key_registers_running"
.asciz "key_memory"
.asciz "key_events"
.asciz "key_grants"
.asciz "key_press"
.asciz "check_order"
.asciz "push"
.asciz "spin_lock_slow"
.asciz "lock_check_take"
.asciz "lock_check_tried"
.asciz "lock_check_drop"
.asciz "spin_is_held"
.asciz "spin_lock_two"
.asciz "spin_unlock_two"
.asciz "base_move"
.asciz "mmu_set_base"
.asciz "mmu_set_user_base"
.asciz "mmu_drop_bases"
.asciz "pte_find"
.asciz "live_level"
.asciz "subject_find"
.asciz "grant_store"
.asciz "take_l1"
.asciz "grant_entry"
.asciz "update_va"
.asciz "mmu_report_done"
.asciz "do_mmu_update"
.asciz "do_update_va_mapping"
.asciz "do_update_va_mapping_otherdomain"
.asciz "mmu_guest_pte_exchange"
.asciz "mmu_guest_pte_write"
.asciz "mmu_grant_map"
.asciz "mmu_ungrant_map"
.asciz "vcpu_mask_cpus"
.asciz "do_mmuext_op"
.asciz "parse_conswitch"
.asciz "find_option"
.asciz "parse_flag"
.asciz "parse_sched"
.asciz "parse_dom0_mem"
.asciz "take_word"
.asciz "parse_console"
.asciz "echo"
.asciz "parse_reboot"
.asciz "parse_levels"
.asciz "parse_guest_loglvl"
.asciz "parse_loglvl"
.asciz "parse_dom0_max_vcpus"
.asciz "parse_serial"
.asciz "parse_com2"
.asciz "parse_com1"
.asciz "option_text"
.asciz "options_nearest"
.asciz "options_parse"
.asciz "options_echo"
.asciz "type_get_writable"
.asciz "type_put_writable"
.asciz "table_put"
.asciz "table_undo"
.asciz "table_begin"
.asciz "table_get"
.asciz "orphan_piece"
.asciz "orphan_adopt"
.asciz "orphan_finish"
.asciz "table_drop"
.asciz "orphans_finish"
.asciz "frame_get_typed"
.asciz "frame_put_typed"
.asciz "mmu_relinquish"
.asciz "query"
.asciz "perfc_add"
.asciz "perfc_hypercall"
.asciz "perfc_sysctl"
.asciz "pte_take_device"
.asciz "pte_refuse_owner"
.asciz "take_l1"
.asciz "pte_refuse_writable"
.asciz "pte_take"
.asciz "replace"
.asciz "pte_drop"
.asciz "pte_write"
.asciz "pte_swap"
.asciz "reject_domain_init"
.asciz "reject_domain_destroy"
.asciz "reject_at"
.asciz "reject_dump"
.asciz "after_insert"
.asciz "runstate_change"
.asciz "submit"
.asciz "vcpu_runstate_get"
.asciz "cpu_idle_time"
.asciz "vcpu_wake"
.asciz "vcpu_relocate"
.asciz "vcpu_sleep_nosync"
.asciz "vcpu_sleep_sync"
.asciz "vcpu_block"
.asciz "schedule"
.asciz "sched_switched"
.asciz "sched_init"
.asciz "sched_cpu_up"
.asciz "sched_domain_init"
.asciz "sched_domain_destroy"
.asciz "sched_vcpu_init"
.asciz "sched_vcpu_destroy"
.asciz "runstate_change.cold"
.asciz "submit.cold"
.asciz "vcpu_block.cold"
.asciz "schedule.cold"
.asciz "apply"
.asciz "allowed_cpus"
.asciz "preferred_cpus"
.asciz "sched_set_affinity"
.asciz "sched_pin_override"
.asciz "unpark_all"
.asciz "refill_fired"
.asciz "cap_init"
.asciz "cap_charge"
.asciz "cap_exhausted"
.asciz "cap_park"
.asciz "cap_dispatch"
.asciz "cap_chunk"
.asciz "cap_set"
.asciz "sched_domctl"
.asciz "sched_sysctl"
.asciz "sched_dump"
.asciz "one_pending"
.asciz "do_sched_op"
.asciz "runq_lock"
.asciz "runq_insert"
.asciz "runq_remove"
.asciz "runq_charge"
.asciz "runq_join"
.asciz "slice_limit"
.asciz "slice_start"
.asciz "slice_fired"
.asciz "place_vcpu"
.asciz "runq_steal"
.asciz "runq_offer"
.asciz "domain_pause_nosync"
.asciz "domain_pause"
.asciz "domain_unpause"
.asciz "domain_shutdown"
.asciz "domain_resume"
.asciz "domain_crash"
.asciz "partial_remove"
.asciz "slot_take"
.asciz "domain_charge"
.asciz "domain_uncharge"
.asciz "zalloc"
.asciz "zfree"
.asciz "zalloc_pages"
.asciz "zfree_pages"
.asciz "rearm"
.asciz "lock_queue"
.asciz "timer_init"
.asciz "timer_set"
.asciz "timer_stop"
.asciz "timer_kill"
.asciz "timer_migrate"
.asciz "timers_run"
.asciz "timers_dump"
.asciz "put"
.asciz "trace_record"
.asciz "trace_announce"
.asciz "trace_sysctl"
.asciz "trace_words"
.asciz "vcpu_destroy"
.asciz "vcpu_create"
.asciz "vcpu_quiesce"
.asciz "vcpu_runstate_publish"
.asciz "do_vcpu_op"
.asciz "do_nmi_op"
.asciz "singleshot_fired"
.asciz "periodic_fired"
.asciz "poll_fired"
.asciz "vcpu_timers_init"
.asciz "vcpu_op_set_periodic"
.asciz "vcpu_op_stop_periodic"
.asciz "vcpu_op_set_singleshot"
.asciz "vcpu_op_stop_singleshot"
.asciz "vcpu_poll_timeout"
.asciz "do_set_timer_op"
.asciz "do_vm_assist"
.asciz "malloc"
.asciz "calloc"
.asciz "free"
.asciz "ZSTD_trace_decompress_begin"
.asciz "ZSTD_trace_decompress_end"
.asciz "merge"
.asciz "pq_insert"
.asciz "pq_remove"
.asciz "pq_next"
.asciz "put_number"
.asciz "vsnprintf"
.asciz "snprintf"
.asciz "rangeset_create"
.asciz "rangeset_destroy"
.asciz "rangeset_add"
.asciz "rangeset_remove"
.asciz "rangeset_contains"
.asciz "rangeset_empty"
.asciz "rangeset_foreach"
.asciz "memcpy"
.asciz "memmove"
.asciz "memset"
.asciz "memcmp"
.asciz "memchr"
.asciz "strlen"
.asciz "strnlen"
.asciz "strcmp"
.asciz "strncmp"
.asciz "strchr"
.asciz "strstr"
.asciz "strlcpy"
.asciz "parse_number"
.asciz "parse_size"
.asciz "lzma_version_number"
.asciz "lzma_version_string"
.asciz "lzma_alloc"
.asciz "lzma_alloc_zero"
.asciz "lzma_free"
.asciz "lzma_bufcpy"
.asciz "lzma_next_filter_init"
.asciz "lzma_next_filter_update"
.asciz "lzma_next_end"
.asciz "lzma_strm_init"
.asciz "lzma_code"
.asciz "lzma_end"
.asciz "lzma_get_progress"
.asciz "lzma_get_check"
.asciz "lzma_memusage"
.asciz "lzma_memlimit_get"
.asciz "lzma_memlimit_set"
.asciz "stream_decoder_get_check"
.asciz "stream_decoder_memconfig"
.asciz "stream_decoder_end"
.asciz "stream_decode"
.asciz "lzma_stream_decoder_init"
.asciz "lzma_stream_decoder"
.asciz "stream_decode.cold"
.asciz "lzma_stream_header_decode"
.asciz "lzma_stream_footer_decode"
.asciz "lzma_check_is_supported"
.asciz "lzma_check_size"
.asciz "lzma_check_init"
.asciz "lzma_check_update"
.asciz "lzma_check_finish"
.asciz "lzma_crc32"
.asciz "crc64_generic"
.asciz "crc64_clmul"
.asciz "lzma_crc64"
.asciz "transform"
.asciz "lzma_sha256_init"
.asciz "lzma_sha256_update"
.asciz "lzma_sha256_finish"
.asciz "lzma_block_compressed_size"
.asciz "lzma_block_unpadded_size"
.asciz "lzma_block_total_size"
.asciz "lzma_filters_copy"
.asciz "lzma_filters_free"
.asciz "lzma_validate_chain"
.asciz "lzma_raw_coder_init"
.asciz "lzma_raw_coder_memusage"
.asciz "lzma_stream_flags_compare"
.asciz "block_decoder_end"
.asciz "block_decode"
.asciz "lzma_block_decoder_init"
.asciz "lzma_block_decoder"
.asciz "lzma_block_header_decode"
.asciz "decoder_find"
.asciz "lzma_filter_decoder_is_supported"
.asciz "lzma_raw_decoder_init"
.asciz "lzma_raw_decoder"
.asciz "lzma_raw_decoder_memusage"
.asciz "lzma_properties_decode"
.asciz "lzma_filter_flags_decode"
.asciz "hash_append"
.asciz "lzma_index_hash_init"
.asciz "lzma_index_hash_end"
.asciz "lzma_index_hash_size"
.asciz "lzma_index_hash_append"
.asciz "lzma_index_hash_decode"
.asciz "lzma_index_hash_decode.cold"
.asciz "lzma_vli_decode"
.asciz "lzma_decoder_uncompressed"
.asciz "lzma_decoder_reset"
.asciz "lzma_decode"
.asciz "lzma_decoder_init"
.asciz "lzma_lzma_decoder_create"
.asciz "lzma_lzma_decoder_init"
.asciz "lzma_lzma_lclppb_decode"
.asciz "lzma_lzma_decoder_memusage_nocheck"
.asciz "lzma_lzma_decoder_memusage"
.asciz "lzma_lzma_props_decode"
.asciz "lzma_decode.cold"
.asciz "lzma2_decoder_init"
.asciz "lzma2_decoder_end"
.asciz "lzma2_decode"
.asciz "lzma_lzma2_decoder_init"
.asciz "lzma_lzma2_decoder_memusage"
.asciz "lzma_lzma2_props_decode"
.asciz "lzma2_decode.cold"
.asciz "delta_coder_end"
.asciz "lzma_delta_coder_init"
.asciz "lzma_delta_coder_memusage"
.asciz "delta_decode"
.asciz "lzma_delta_decoder_init"
.asciz "lzma_delta_props_decode"
.asciz "lzma_simple_props_decode"
.asciz "x86_code"
.asciz "lzma_simple_x86_encoder_init"
.asciz "lzma_simple_x86_decoder_init"
.asciz "powerpc_code"
.asciz "lzma_simple_powerpc_encoder_init"
.asciz "lzma_simple_powerpc_decoder_init"
.asciz "ia64_code"
.asciz "lzma_simple_ia64_encoder_init"
.asciz "lzma_simple_ia64_decoder_init"
.asciz "arm_code"
.asciz "lzma_simple_arm_encoder_init"
.asciz "lzma_simple_arm_decoder_init"
.asciz "armthumb_code"
.asciz "lzma_simple_armthumb_encoder_init"
.asciz "lzma_simple_armthumb_decoder_init"
.asciz "arm64_code"
.asciz "lzma_simple_arm64_encoder_init"
.asciz "lzma_simple_arm64_decoder_init"
.asciz "sparc_code"
.asciz "lzma_simple_sparc_encoder_init"
.asciz "lzma_simple_sparc_decoder_init"
.asciz "lzma_vli_size"
.asciz "lz_decoder_end"
.asciz "decode_buffer"
.asciz "lz_decode"
.asciz "lzma_lz_decoder_init"
.asciz "lzma_lz_decoder_memusage"
.asciz "simple_coder_update"
.asciz "simple_coder_end"
.asciz "copy_or_code"
.asciz "simple_code"
.asciz "lzma_simple_coder_init"
.asciz "ZSTD_versionNumber"
.asciz "ZSTD_versionString"
.asciz "ZSTD_isError"
.asciz "ZSTD_getErrorName"
.asciz "ZSTD_getErrorCode"
.asciz "ZSTD_getErrorString"
.asciz "ZSTD_customMalloc"
.asciz "ZSTD_customCalloc"
.asciz "ZSTD_customFree"
.asciz "ZSTD_initDCtx_internal"
.asciz "ZSTD_frameHeaderSize_internal"
.asciz "ZSTD_DDictHashSet_emplaceDDict"
.asciz "ZSTD_DCtx_trace_end.part.0"
.asciz "ZSTD_DCtx_refDDict.part.0"
.asciz "ZSTD_DCtx_selectFrameDDict.part.0"
.asciz "ZSTD_sizeof_DCtx"
.asciz "ZSTD_estimateDCtxSize"
.asciz "ZSTD_initStaticDCtx"
.asciz "ZSTD_createDCtx_advanced"
.asciz "ZSTD_createDCtx"
.asciz "ZSTD_freeDCtx"
.asciz "ZSTD_copyDCtx"
.asciz "ZSTD_isFrame"
.asciz "ZSTD_isSkippableFrame"
.asciz "ZSTD_frameHeaderSize"
.asciz "ZSTD_getFrameHeader_advanced"
.asciz "ZSTD_decodeFrameHeader"
.asciz "ZSTD_decompressContinue.part.0"
.asciz "ZSTD_decompressContinueStream"
.asciz "ZSTD_findFrameSizeInfo"
.asciz "ZSTD_getFrameHeader"
.asciz "ZSTD_getFrameContentSize"
.asciz "ZSTD_readSkippableFrame"
.asciz "ZSTD_findDecompressedSize"
.asciz "ZSTD_getDecompressedSize"
.asciz "ZSTD_findFrameCompressedSize"
.asciz "ZSTD_decompressBound"
.asciz "ZSTD_decompressionMargin"
.asciz "ZSTD_insertBlock"
.asciz "ZSTD_nextSrcSizeToDecompress"
.asciz "ZSTD_nextInputType"
.asciz "ZSTD_decompressContinue"
.asciz "ZSTD_loadDEntropy"
.asciz "ZSTD_decompressBegin"
.asciz "ZSTD_decompressBegin_usingDict"
.asciz "ZSTD_decompressBegin_usingDDict"
.asciz "ZSTD_decompressMultiFrame"
.asciz "ZSTD_decompress_usingDict"
.asciz "ZSTD_decompressDCtx"
.asciz "ZSTD_decompress"
.asciz "ZSTD_getDictID_fromDict"
.asciz "ZSTD_getDictID_fromFrame"
.asciz "ZSTD_decompress_usingDDict"
.asciz "ZSTD_createDStream"
.asciz "ZSTD_initStaticDStream"
.asciz "ZSTD_createDStream_advanced"
.asciz "ZSTD_freeDStream"
.asciz "ZSTD_DStreamInSize"
.asciz "ZSTD_DStreamOutSize"
.asciz "ZSTD_DCtx_loadDictionary_advanced"
.asciz "ZSTD_DCtx_loadDictionary_byReference"
.asciz "ZSTD_DCtx_loadDictionary"
.asciz "ZSTD_DCtx_refPrefix_advanced"
.asciz "ZSTD_DCtx_refPrefix"
.asciz "ZSTD_initDStream_usingDict"
.asciz "ZSTD_initDStream"
.asciz "ZSTD_initDStream_usingDDict"
.asciz "ZSTD_resetDStream"
.asciz "ZSTD_DCtx_refDDict"
.asciz "ZSTD_DCtx_setMaxWindowSize"
.asciz "ZSTD_DCtx_setFormat"
.asciz "ZSTD_dParam_getBounds"
.asciz "ZSTD_DCtx_getParameter"
.asciz "ZSTD_DCtx_setParameter"
.asciz "ZSTD_DCtx_reset"
.asciz "ZSTD_sizeof_DStream"
.asciz "ZSTD_decodingBufferSize_min"
.asciz "ZSTD_estimateDStreamSize"
.asciz "ZSTD_estimateDStreamSize_fromFrame"
.asciz "ZSTD_decompressStream"
.asciz "ZSTD_decompressStream_simpleArgs"
.asciz "ZSTD_decompressContinue.part.0.cold"
.asciz "ZSTD_decompressStream.cold"
.asciz "ZSTD_safecopy"
.asciz "ZSTD_safecopyDstBeforeSrc"
.asciz "ZSTD_execSequenceEndSplitLitBuffer"
.asciz "ZSTD_execSequenceEnd"
.asciz "ZSTD_buildFSETable_body_bmi2.constprop.0"
.asciz "ZSTD_buildFSETable_body_default.constprop.0"
.asciz "ZSTD_buildSeqTable.constprop.0"
.asciz "ZSTD_initFseState"
.asciz "ZSTD_decompressSequences_bmi2.constprop.0"
.asciz "ZSTD_decompressSequencesLong_default.constprop.0"
.asciz "ZSTD_decompressSequencesLong_bmi2.constprop.0"
.asciz "ZSTD_decompressSequencesSplitLitBuffer_bmi2.constprop.0"
.asciz "ZSTD_getcBlockSize"
.asciz "ZSTD_decodeLiteralsBlock"
.asciz "ZSTD_buildFSETable"
.asciz "ZSTD_decodeSeqHeaders"
.asciz "ZSTD_decompressBlock_internal.part.0"
.asciz "ZSTD_decompressBlock_internal"
.asciz "ZSTD_checkContinuity"
.asciz "ZSTD_decompressBlock"
.asciz "HUF_readStats_body_bmi2"
.asciz "HUF_readStats_body_default"
.asciz "FSE_readNCount_body_default"
.asciz "FSE_readNCount_body_bmi2"
.asciz "FSE_versionNumber"
.asciz "FSE_isError"
.asciz "FSE_getErrorName"
.asciz "HUF_isError"
.asciz "HUF_getErrorName"
.asciz "FSE_readNCount_bmi2"
.asciz "FSE_readNCount"
.asciz "HUF_readStats"
.asciz "HUF_readStats_wksp"
.asciz "ERR_getErrorString"
.asciz "FSE_buildDTable_internal"
.asciz "FSE_decompress_wksp_body_bmi2"
.asciz "FSE_buildDTable_wksp"
.asciz "FSE_decompress_wksp_bmi2"
.asciz "XXH32_finalize"
.asciz "XXH64_finalize"
.asciz "ZSTD_XXH_versionNumber"
.asciz "ZSTD_XXH32"
.asciz "ZSTD_XXH32_createState"
.asciz "ZSTD_XXH32_freeState"
.asciz "ZSTD_XXH32_copyState"
.asciz "ZSTD_XXH32_reset"
.asciz "ZSTD_XXH32_update"
.asciz "ZSTD_XXH32_digest"
.asciz "ZSTD_XXH32_canonicalFromHash"
.asciz "ZSTD_XXH32_hashFromCanonical"
.asciz "ZSTD_XXH64"
.asciz "ZSTD_XXH64_createState"
.asciz "ZSTD_XXH64_freeState"
.asciz "ZSTD_XXH64_copyState"
.asciz "ZSTD_XXH64_reset"
.asciz "ZSTD_XXH64_update"
.asciz "ZSTD_XXH64_digest"
.asciz "ZSTD_XXH64_canonicalFromHash"
.asciz "ZSTD_XXH64_hashFromCanonical"
.asciz "HUFv05_decodeStreamX2.isra.0"
.asciz "HUFv05_decodeStreamX4.isra.0"
.asciz "FSEv05_createDTable"
.asciz "FSEv05_freeDTable"
.asciz "FSEv05_buildDTable"
.asciz "FSEv05_isError"
.asciz "FSEv05_getErrorName"
.asciz "FSEv05_readNCount"
.asciz "ZSTDv05_decompressSequences"
.asciz "FSEv05_buildDTable_rle"
.asciz "FSEv05_buildDTable_raw"
.asciz "FSEv05_decompress_usingDTable"
.asciz "FSEv05_decompress"
.asciz "HUFv05_readStats.constprop.0"
.asciz "HUFv05_isError"
.asciz "HUFv05_getErrorName"
.asciz "HUFv05_readDTableX2"
.asciz "HUFv05_decompress1X2_usingDTable"
.asciz "HUFv05_decompress1X2"
.asciz "HUFv05_decompress4X2_usingDTable"
.asciz "HUFv05_decompress4X2"
.asciz "HUFv05_readDTableX4"
.asciz "ZSTDv05_loadEntropy.constprop.0"
.asciz "HUFv05_decompress1X4_usingDTable"
.asciz "HUFv05_decompress1X4"
.asciz "HUFv05_decompress4X4_usingDTable"
.asciz "HUFv05_decompress4X4"
.asciz "HUFv05_decompress"
.asciz "ZSTDv05_decodeLiteralsBlock"
.asciz "ZSTDv05_decompress_continueDCtx"
.asciz "ZSTDv05_isError"
.asciz "ZSTDv05_getErrorName"
.asciz "ZSTDv05_sizeofDCtx"
.asciz "ZSTDv05_decompressBegin"
.asciz "ZSTDv05_createDCtx"
.asciz "ZSTDv05_freeDCtx"
.asciz "ZSTDv05_copyDCtx"
.asciz "ZSTDv05_getFrameParams"
.asciz "ZSTDv05_decompressBlock"
.asciz "ZSTDv05_decompress_usingPreparedDCtx"
.asciz "ZSTDv05_decompressDCtx"
.asciz "ZSTDv05_findFrameSizeInfoLegacy"
.asciz "ZSTDv05_nextSrcSizeToDecompress"
.asciz "ZSTDv05_decompressContinue"
.asciz "ZSTDv05_decompressBegin_usingDict"
.asciz "ZSTDv05_decompress_usingDict"
.asciz "ZSTDv05_decompress"
.asciz "ZBUFFv05_createDCtx"
.asciz "ZBUFFv05_freeDCtx"
.asciz "ZBUFFv05_decompressInitDictionary"
.asciz "ZBUFFv05_decompressInit"
.asciz "ZBUFFv05_decompressContinue"
.asciz "ZBUFFv05_isError"
.asciz "ZBUFFv05_getErrorName"
.asciz "ZBUFFv05_recommendedDInSize"
.asciz "ZBUFFv05_recommendedDOutSize"
.asciz "ZBUFFv05_decompressContinue.cold"
.asciz "BITv06_reloadDStream"
.asciz "BITv06_initDStream"
.asciz "HUFv06_decodeStreamX2.isra.0"
.asciz "HUFv06_decodeStreamX4.isra.0"
.asciz "FSEv06_isError"
.asciz "FSEv06_getErrorName"
.asciz "FSEv06_readNCount"
.asciz "FSEv06_createDTable"
.asciz "FSEv06_freeDTable"
.asciz "FSEv06_buildDTable"
.asciz "ZSTDv06_buildSeqTable"
.asciz "ZSTDv06_decompressSequences"
.asciz "FSEv06_buildDTable_rle"
.asciz "FSEv06_buildDTable_raw"
.asciz "FSEv06_decompress_usingDTable"
.asciz "FSEv06_decompress"
.asciz "HUFv06_readStats.constprop.0"
.asciz "HUFv06_readDTableX2"
.asciz "HUFv06_decompress1X2_usingDTable"
.asciz "HUFv06_decompress1X2"
.asciz "HUFv06_decompress4X2_usingDTable"
.asciz "HUFv06_decompress4X2"
.asciz "HUFv06_readDTableX4"
.asciz "ZSTDv06_loadEntropy.constprop.0"
.asciz "HUFv06_decompress1X4_usingDTable"
.asciz "HUFv06_decompress1X4"
.asciz "HUFv06_decompress4X4_usingDTable"
.asciz "HUFv06_decompress4X4"
.asciz "HUFv06_decompress"
.asciz "ZSTDv06_decodeLiteralsBlock"
.asciz "ZSTDv06_isError"
.asciz "ZSTDv06_getErrorName"
.asciz "ZBUFFv06_isError"
.asciz "ZBUFFv06_getErrorName"
.asciz "ZSTDv06_sizeofDCtx"
.asciz "ZSTDv06_decompressBegin"
.asciz "ZSTDv06_createDCtx"
.asciz "ZSTDv06_freeDCtx"
.asciz "ZSTDv06_copyDCtx"
.asciz "ZSTDv06_getFrameParams"
.asciz "ZSTDv06_decompressFrame"
.asciz "ZSTDv06_decompressBlock"
.asciz "ZSTDv06_decompress_usingPreparedDCtx"
.asciz "ZSTDv06_decompressDCtx"
.asciz "ZSTDv06_findFrameSizeInfoLegacy"
.asciz "ZSTDv06_nextSrcSizeToDecompress"
.asciz "ZSTDv06_decompressContinue"
.asciz "ZSTDv06_decompressBegin_usingDict"
.asciz "ZSTDv06_decompress_usingDict"
.asciz "ZSTDv06_decompress"
.asciz "ZBUFFv06_createDCtx"
.asciz "ZBUFFv06_freeDCtx"
.asciz "ZBUFFv06_decompressInitDictionary"
.asciz "ZBUFFv06_decompressInit"
.asciz "ZBUFFv06_decompressContinue"
.asciz "ZBUFFv06_recommendedDInSize"
.asciz "ZBUFFv06_recommendedDOutSize"
.asciz "ZBUFFv06_decompressContinue.cold"
.asciz "BITv07_reloadDStream"
.asciz "ZSTDv07_frameHeaderSize"
.asciz "BITv07_initDStream"
.asciz "ZSTDv07_defaultAllocFunction"
.asciz "ZSTDv07_defaultFreeFunction"
.asciz "ZSTDv07_getFrameParams.part.0"
.asciz "HUFv07_decodeStreamX2.isra.0"
.asciz "HUFv07_decompress1X2_usingDTable_internal"
.asciz "HUFv07_decodeStreamX4.isra.0"
.asciz "HUFv07_decompress1X4_usingDTable_internal"
.asciz "HUFv07_decompress4X2_usingDTable_internal"
.asciz "HUFv07_decompress4X4_usingDTable_internal"
.asciz "FSEv07_isError"
.asciz "FSEv07_getErrorName"
.asciz "HUFv07_isError"
.asciz "HUFv07_getErrorName"
.asciz "FSEv07_readNCount"
.asciz "FSEv07_createDTable"
.asciz "FSEv07_freeDTable"
.asciz "FSEv07_buildDTable"
.asciz "ZSTDv07_buildSeqTable"
.asciz "ZSTDv07_decompressSequences"
.asciz "FSEv07_buildDTable_rle"
.asciz "FSEv07_buildDTable_raw"
.asciz "FSEv07_decompress_usingDTable"
.asciz "FSEv07_decompress"
.asciz "HUFv07_readStats"
.asciz "HUFv07_readDTableX2"
.asciz "HUFv07_decompress4X2"
.asciz "HUFv07_decompress1X2_usingDTable"
.asciz "HUFv07_decompress1X2_DCtx"
.asciz "HUFv07_decompress1X2"
.asciz "HUFv07_decompress4X2_usingDTable"
.asciz "HUFv07_decompress4X2_DCtx"
.asciz "HUFv07_readDTableX4"
.asciz "ZSTDv07_loadEntropy"
.asciz "ZSTDv07_decompressBegin_usingDict.part.0"
.asciz "HUFv07_decompress4X4"
.asciz "HUFv07_decompress1X4_usingDTable"
.asciz "HUFv07_decompress1X4_DCtx"
.asciz "HUFv07_decompress1X4"
.asciz "HUFv07_decompress4X4_usingDTable"
.asciz "HUFv07_decompress4X4_DCtx"
.asciz "HUFv07_decompress1X_usingDTable"
.asciz "HUFv07_decompress4X_usingDTable"
.asciz "HUFv07_selectDecoder"
.asciz "HUFv07_decompress"
.asciz "HUFv07_decompress4X_DCtx"
.asciz "HUFv07_decompress4X_hufOnly"
.asciz "ZSTDv07_decodeLiteralsBlock"
.asciz "ZSTDv07_decompressFrame"
.asciz "HUFv07_decompress1X_DCtx"
.asciz "ZSTDv07_isError"
.asciz "ZSTDv07_getErrorName"
.asciz "ZBUFFv07_isError"
.asciz "ZBUFFv07_getErrorName"
.asciz "ZSTDv07_sizeofDCtx"
.asciz "ZSTDv07_estimateDCtxSize"
.asciz "ZSTDv07_decompressBegin"
.asciz "ZSTDv07_createDCtx_advanced"
.asciz "ZSTDv07_createDCtx"
.asciz "ZSTDv07_freeDCtx"
.asciz "ZSTDv07_copyDCtx"
.asciz "ZSTDv07_getFrameParams"
.asciz "ZSTDv07_getDecompressedSize"
.asciz "ZSTDv07_decompressBlock"
.asciz "ZSTDv07_insertBlock"
.asciz "ZSTDv07_findFrameSizeInfoLegacy"
.asciz "ZSTDv07_nextSrcSizeToDecompress"
.asciz "ZSTDv07_isSkipFrame"
.asciz "ZSTDv07_decompressContinue"
.asciz "ZSTDv07_decompressBegin_usingDict"
.asciz "ZSTDv07_decompress_usingDict"
.asciz "ZSTDv07_decompressDCtx"
.asciz "ZSTDv07_decompress"
.asciz "ZSTDv07_createDDict"
.asciz "ZSTDv07_freeDDict"
.asciz "ZSTDv07_decompress_usingDDict"
.asciz "ZBUFFv07_freeDCtx"
.asciz "ZBUFFv07_createDCtx_advanced"
.asciz "ZBUFFv07_createDCtx"
.asciz "ZBUFFv07_decompressInitDictionary"
.asciz "ZBUFFv07_decompressInit"
.asciz "ZBUFFv07_decompressContinue"
.asciz "ZBUFFv07_recommendedDInSize"
.asciz "ZBUFFv07_recommendedDOutSize"
.asciz "ZSTDv07_decompressContinue.cold"
.asciz "ZBUFFv07_decompressContinue.cold"
.asciz "HUF_fillDTableX2ForWeight"
.asciz "HUF_DecompressFastArgs_init"
.asciz "HUF_decompress4X2_usingDTable_internal_fast_c_loop"
.asciz "HUF_decompress4X1_usingDTable_internal_fast_c_loop"
.asciz "HUF_decompress4X1_usingDTable_internal_fast"
.asciz "HUF_decompress4X2_usingDTable_internal_fast"
.asciz "HUF_decompress1X1_usingDTable_internal_bmi2"
.asciz "HUF_decompress1X1_usingDTable_internal_default"
.asciz "HUF_decompress1X2_usingDTable_internal_bmi2"
.asciz "HUF_decompress1X2_usingDTable_internal_default"
.asciz "HUF_decompress4X1_usingDTable_internal_bmi2"
.asciz "HUF_decompress4X1_usingDTable_internal"
.asciz "HUF_decompress4X2_usingDTable_internal_bmi2"
.asciz "HUF_decompress4X2_usingDTable_internal"
.asciz "HUF_readDTableX1_wksp"
.asciz "HUF_readDTableX2_wksp"
.asciz "HUF_decompress1X2_DCtx_wksp"
.asciz "HUF_selectDecoder"
.asciz "HUF_decompress1X_usingDTable"
.asciz "HUF_decompress1X1_DCtx_wksp"
.asciz "HUF_decompress1X_DCtx_wksp"
.asciz "HUF_decompress4X_usingDTable"
.asciz "HUF_decompress4X_hufOnly_wksp"
.asciz "ZSTD_initDDict_internal"
.asciz "ZSTD_DDict_dictContent"
.asciz "ZSTD_DDict_dictSize"
.asciz "ZSTD_copyDDictParameters"
.asciz "ZSTD_createDDict_advanced"
.asciz "ZSTD_createDDict"
.asciz "ZSTD_createDDict_byReference"
.asciz "ZSTD_initStaticDDict"
.asciz "ZSTD_freeDDict"
.asciz "ZSTD_estimateDDictSize"
.asciz "ZSTD_sizeof_DDict"
.asciz "ZSTD_getDictID_fromDDict"
.asciz "HUF_decompress4X1_usingDTable_internal_fast_asm_loop"
.asciz "_HUF_decompress4X1_usingDTable_internal_fast_asm_loop"
.asciz "HUF_decompress4X2_usingDTable_internal_fast_asm_loop"
.asciz "_HUF_decompress4X2_usingDTable_internal_fast_asm_loop"
.asciz "updatewindow"
.asciz "inflateResetKeep"
.asciz "inflateReset"
.asciz "inflateReset2"
.asciz "inflateInit2_"
.asciz "inflateInit_"
.asciz "inflatePrime"
.asciz "inflate"
.asciz "inflateEnd"
.asciz "inflateGetDictionary"
.asciz "inflateSetDictionary"
.asciz "inflateGetHeader"
.asciz "inflateSync"
.asciz "inflateSyncPoint"
.asciz "inflateCopy"
.asciz "inflateUndermine"
.asciz "inflateValidate"
.asciz "inflateMark"
.asciz "inflateCodesUsed"
.asciz "inflate_table"
.asciz "zlibVersion"
.asciz "zlibCompileFlags"
.asciz "zError"
.asciz "zcalloc"
.asciz "zcfree"
.asciz "adler32_z"
.asciz "adler32"
.asciz "adler32_combine"
.asciz "adler32_combine64"
.asciz "get_crc_table"
.asciz "crc32_z"
.asciz "crc32"
.asciz "crc32_combine64"
.asciz "crc32_combine"
.asciz "crc32_combine_gen64"
.asciz "crc32_combine_gen"
.asciz "crc32_combine_op"
.asciz "inflate_fast"
.asciz "LZ4_renormDictT"
.asciz "LZ4_decompress_safe_withSmallPrefix"
.asciz "LZ4_decompress_fast_extDict"
.asciz "LZ4_versionNumber"
.asciz "LZ4_versionString"
.asciz "LZ4_compressBound"
.asciz "LZ4_sizeofState"
.asciz "LZ4_compress_fast_extState"
.asciz "LZ4_compress_fast_extState_fastReset"
.asciz "LZ4_compress_fast"
.asciz "LZ4_compress_default"
.asciz "LZ4_compress_destSize"
.asciz "LZ4_createStream"
.asciz "LZ4_initStream"
.asciz "LZ4_resetStream"
.asciz "LZ4_resetStream_fast"
.asciz "LZ4_freeStream"
.asciz "LZ4_loadDict"
.asciz "LZ4_attach_dictionary"
.asciz "LZ4_compress_fast_continue"
.asciz "LZ4_compress_forceExtDict"
.asciz "LZ4_saveDict"
.asciz "read_long_length_no_check"
.asciz "LZ4_decompress_safe"
.asciz "LZ4_decompress_safe_partial"
.asciz "LZ4_decompress_fast"
.asciz "LZ4_decompress_safe_withPrefix64k"
.asciz "LZ4_decompress_fast_withPrefix64k"
.asciz "LZ4_decompress_safe_forceExtDict"
.asciz "LZ4_decompress_safe_partial_forceExtDict"
.asciz "LZ4_createStreamDecode"
.asciz "LZ4_freeStreamDecode"
.asciz "LZ4_setStreamDecode"
.asciz "LZ4_decoderRingBufferSize"
.asciz "LZ4_decompress_safe_continue"
.asciz "LZ4_decompress_fast_continue"
.asciz "LZ4_decompress_safe_usingDict"
.asciz "LZ4_decompress_safe_partial_usingDict"
.asciz "LZ4_decompress_fast_usingDict"
.asciz "LZ4_compress_limitedOutput"
.asciz "LZ4_compress"
.asciz "LZ4_compress_limitedOutput_withState"
.asciz "LZ4_compress_withState"
.asciz "LZ4_compress_limitedOutput_continue"
.asciz "LZ4_compress_continue"
.asciz "LZ4_uncompress"
.asciz "LZ4_uncompress_unknownOutputSize"
.asciz "LZ4_sizeofStreamState"
.asciz "LZ4_resetStreamState"
.asciz "LZ4_create"
.asciz "LZ4_slideInputBuffer"
.asciz "__udivti3"
.asciz "__init_start"
.asciz "__ro_after_init_end"
.asciz "descriptor_init"
.byte 0
.section .note.GNU-stack,"",@progbits
